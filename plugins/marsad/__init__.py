"""Marsad: from the agencies' files to one validated warehouse of trafficking in persons."""

__version__ = "0.1.0"
