"""The web pages: agencies send files and read verdicts, administrators keep accounts. A process of its own.

``python -m marsad.portal`` serves them, ``python -m marsad.portal.trial`` judges files beforehand. Neither opens what
was landed or vaulted; the pages hold no private key but the one that seals the seeds of one-time codes.
"""
