"""Speed as ratios: the product against baselines, all measured in the same run on the same machine."""
