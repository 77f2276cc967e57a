"""Folding, cleaning and writing of word lists.

A list is written sorted bytewise and unique after folding, so that the same packages give the same bytes.
"""

import re
import unicodedata
from pathlib import Path

# Letters that Unicode does not decompose; `locard_sketch::forms` folds them alike.
LIKE = str.maketrans({"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "ĸ": "k", "ł": "l", "ŋ": "n", "ŧ": "t", "þ": "th", "ς": "σ"})
SIGNS = str.maketrans({**dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"), **dict.fromkeys("`\u00b4\u2018\u2019\u201b\u02b9\u02bc\u2032", "'"), **dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb", '"')})
UNSEEN = re.compile("[\u00ad\u034f\u061c\u0640\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]")
SPACES = re.compile(r"\s+")
LATIN_NAME = re.compile(r"[A-Za-zÀ-ɏḀ-ỿ][A-Za-zÀ-ɏḀ-ỿ'’. -]*[A-Za-zÀ-ɏḀ-ỿ.]")
PARTICLES = {"al", "el", "bin", "ben", "ibn", "de", "da", "di", "do", "dos", "das", "du", "la", "le", "van", "von", "der", "den", "ten", "ter", "y", "e"}


def natural(text):
    """NFC, with single blanks and straight apostrophes."""
    return SPACES.sub(" ", unicodedata.normalize("NFC", text.replace("’", "'"))).strip()


def is_accent(char):
    """Marks that a reader may leave out. Vowel signs of Indic scripts and Thai, and Japanese voicing marks, stay."""
    mark = unicodedata.combining(char)
    return mark == 1 or 10 <= mark <= 36 or 200 <= mark <= 240


def fold(text):
    """The form by which two spellings are one term; the same as `locard_sketch::forms::folded`."""
    text = UNSEEN.sub("", unicodedata.normalize("NFKD", text.translate(SIGNS)).translate(SIGNS)).lower()
    text = "".join(c for c in text if not is_accent(c)).translate(LIKE)
    return SPACES.sub(" ", unicodedata.normalize("NFC", text)).strip()


def script(text):
    """Name of the script of the first letter: LATIN, CYRILLIC, CJK, HANGUL ..."""
    for ch in text:
        if ch.isalpha():
            return unicodedata.name(ch, "UNKNOWN").split(" ")[0].split("-")[0]
    return "NONE"


def is_latin(text):
    return script(text) == "LATIN"


def title(text):
    """Capital letters as names have them: `maria-jose o'neil de la cruz` gives `Maria-Jose O'Neil de la Cruz`."""
    words = []
    for at, word in enumerate(text.split(" ")):
        small = at > 0 and word in PARTICLES
        words.append(word if small else "-".join("'".join(p[:1].upper() + p[1:] for p in w.split("'")) for w in word.split("-")))
    return re.sub(r"'S\b", "'s", " ".join(words))


def name_like(text):
    """Whether it may stand in a list of names: letters only, two letters at least in Latin script."""
    if is_latin(text):
        return bool(LATIN_NAME.fullmatch(text)) and len(text) >= 2 and "--" not in text and "''" not in text
    return bool(text) and all(unicodedata.category(c)[0] in "LM" or c in " -'·.\u200c\u200d" for c in text)


class Terms:
    """Collects the terms of one list; the first spelling of a folded form stays."""

    def __init__(self):
        self.by_fold = {}

    def add(self, *texts):
        for text in texts:
            text = natural(text)
            if text:
                self.by_fold.setdefault(fold(text), text)
        return self

    def update(self, texts):
        return self.add(*texts)

    def discard(self, texts):
        for text in texts:
            self.by_fold.pop(fold(text), None)
        return self

    def __contains__(self, text):
        return fold(text) in self.by_fold

    def __len__(self):
        return len(self.by_fold)

    def __iter__(self):
        return iter(self.by_fold.values())

    def write(self, path, source, licence, notes=(), figures=()):
        lines = sorted(self.by_fold.values(), key=lambda t: t.encode())
        header = [f"# source: {source}", f"# licence: {licence}", *(f"# note: {n}" for n in notes), *(f"# {k}: {v}" for k, v in figures)]
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(header + lines) + "\n", encoding="utf-8", newline="\n")
        print(f"{path.name:28} {len(lines):8} terms {path.stat().st_size:9} bytes")


def hand(name):
    """Terms written by hand in `hand/<name>.txt`: `[language]` headings, terms parted by `|`, `#` comments."""
    path = Path(__file__).parent / "hand" / f"{name}.txt"
    found = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith(("#", "[")):
            found.extend(natural(t) for t in line.split("|") if t.strip())
    return found
