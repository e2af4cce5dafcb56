"""Releases: tables built from marts, protected, attacked, judged, signed by a person, and handed out."""
