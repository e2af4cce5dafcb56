"""From what an office wrote to the sounds that both scripts share."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import groupby
from string import ascii_uppercase

from marsad.contracts.text import fold
from marsad.identity.names.rules import NameRules, Script

_ARABIC = re.compile("[\u0600-\u06ff\u0750-\u077f]")
_NO_ARTICLE = re.compile(r"\b[أإآ](?=ل)")  # the article bears no hamza: ألان is Alan (folding takes the hamza away)
_APOSTROPHES = re.compile("['’‘`´ʼʻʿʾ]")  # part a word that the particles join again
_AFRICAN = str.maketrans("ɓɗƙŋɛɔɲƴ", "bdkneony")  # letters of Hausa, Fula and Bambara that Unicode does not decompose
_REMEMBERED = 200_000  # names repeat


class Hearing:
    """Turns names into sounds under one set of rules."""

    def __init__(self, rules: NameRules) -> None:
        self._rules = rules
        self._word = lru_cache(_REMEMBERED)(self._heard)
        self._name = lru_cache(_REMEMBERED)(self._sounds)
        self._bones = lru_cache(_REMEMBERED)(self._skeleton)

    def sounds(self, name: str) -> str:
        """The words of a name as sounds, parted by spaces; "" for a name without any letter, and for one nobody knows.

        El Idrissi, Al-Idrissy, Idrissi and الإدريسي sound (nearly) alike; particles join their word, titles go.
        """
        return self._name(name)

    def skeleton(self, sounds: str) -> str:
        """The classes of the consonants of ``sounds`` (one word or more), without what is often left out."""
        return self._bones(sounds)

    def _skeleton(self, sounds: str) -> str:
        known = self._rules.sounds
        kinds = (known[sound].kind if sound in known else sound for sound in sounds if sound != " ")
        return "".join(kind for kind, _ in groupby(filter(None, kinds)))

    def _sounds(self, name: str) -> str:
        folded = fold(_APOSTROPHES.sub(" ", _NO_ARTICLE.sub("اا", name).casefold().translate(_AFRICAN)))
        known = self._rules.nobody.sub("", folded)
        heard = (self._word(word) for word in self._joined(known.split()))
        return " ".join(filter(None, heard))

    def _joined(self, words: list[str]) -> list[str]:
        """Words with their particles; titles and links left out, unless nothing else is there."""
        kept = [word for word in words if self._counts(word)] or words
        return list(self._attached(kept))

    def _counts(self, word: str) -> bool:
        return word in self._rules.into or self._rules.joins.get(word) != "nothing"

    def _attached(self, words: Iterable[str]) -> Iterator[str]:
        before = word = ""
        for part in words:
            joins = self._rules.joins.get(part)
            part = self._rules.into.get(part, part)
            if joins == "previous" and word and not before:
                word += part
            elif joins == "next":
                if not before and word:
                    yield word
                    word = ""
                before += part
            else:
                if word:
                    yield word
                word, before = before + part, ""
        yield from filter(None, (word, before))

    def _heard(self, word: str) -> str:
        """A word begins with the sounds of its particles, which are capitals; no folded letter is."""
        script: Script = "arabic" if _ARABIC.search(word) else "latin"
        own = word.lstrip(ascii_uppercase)
        heard = word[: len(word) - len(own)] + self._rules.spellers[script].heard(own)
        return "".join(sound for sound, _ in groupby(heard) if sound.isalpha())
