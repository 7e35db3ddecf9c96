"""All that lets the program run on one machine without accounts. The product never imports it."""
