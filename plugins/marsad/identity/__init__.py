"""Identity: keys, vault, pseudonyms. The only place that encrypts or opens what could name a person."""
