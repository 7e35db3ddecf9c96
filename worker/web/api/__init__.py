"""The JSON interface under /api/v1, for other programs. What it promises stands in docs/api.md."""
