"""Reading a tenant listing as a landlord's software exports it. Knows files and cells, no database."""
