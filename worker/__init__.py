"""Courtoisie: keeps a social landlord in touch with its older tenants when it matters."""

__version__ = "0.1.0"
