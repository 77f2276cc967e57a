"""Job titles and the words that make a phrase one; diseases."""

import re

import words
from packages import faker_providers, flat, read_json
from terms import Terms, fold, hand, is_latin, natural

PAREN = re.compile(r"\s*[(\[].*?[)\]]")


def job_titles(packages, generators=True):
    """The hand list, and the titles of generator libraries in languages without a permissive list; combinations left out."""
    terms = Terms().update(hand("job_titles"))
    if generators:
        for job in generated_jobs(packages):
            job = natural(job).strip(" .-–")
            if 3 <= len(job) <= 26 and len(job.split()) <= 3 and not re.search(r"[0-9/;:,()&|*]", job):
                terms.add(job)
    return terms.discard(hand("not_job_titles"))


def job_words(packages, generators=True):
    """The hand list, and the one-word titles of languages other than English, whose words alone are occupations."""
    terms = Terms().update(hand("job_words"))
    if generators:
        ordinary = words.name_blockers(packages)[0] | {fold(t) for t in words.common_words(packages)}
        for job in generated_jobs(packages, english=False):
            job = natural(job)
            if job.isalpha() and len(job) >= (5 if is_latin(job) else 2) and fold(job) not in ordinary:
                terms.add(job)
    return terms.discard(hand("not_job_words"))


def generated_jobs(packages, english=True):
    for locale, provider in faker_providers("job"):
        if not english and locale.startswith("en"):
            continue
        for attribute in ("jobs", "jobs_male", "jobs_female"):
            value = getattr(provider, attribute, ())
            if not callable(value):
                yield from flat(value)
    for path in sorted(packages.python("mimesis", "datasets").glob("*/person.json")):
        if english or not path.parent.name.startswith("en"):
            yield from read_json(path).get("occupation", [])


def nationalities(packages, generators=True):
    terms = Terms().update(hand("nationalities"))
    for path in sorted(packages.node("i18n-nationality", "langs").glob("*.json")):
        names = read_json(path)["nationalities"].values()
        terms.update(PAREN.sub("", n) for n in names if len(n) >= 3)
    if generators:
        for path in sorted(packages.python("mimesis", "datasets").glob("*/person.json")):
            data = read_json(path).get("nationality") or []
            words = [w for v in data.values() for w in v] if isinstance(data, dict) else data
            terms.update(w for w in words if w not in ("Test",) and len(w) >= 3 or not is_latin(w))
    return terms.discard(hand("not_nationalities"))


UNSPECIFIC = re.compile(r"(?i),? (unspecified|not elsewhere classified|nec|nos|initial encounter|subsequent encounter|sequela|other specified|without .*|with .*|due to .*|in diseases classified elsewhere).*$")


def diseases(packages):
    """ICD-10-CM: titles of chapters A to N, their inclusion terms, and the words before the first comma; and common names by hand."""
    import xml.etree.ElementTree as tree

    terms, ordinary = Terms(), words.name_blockers(packages)[0]
    path = next(packages.python("simple_icd_10_cm", "data").glob("*.xml"))
    for node in tree.parse(path).getroot().iter("diag"):
        code = node.findtext("name") or ""
        if code[:1] in "VWXYZU" or (code[:1] in "ST" and "." in code):
            continue
        texts = [node.findtext("desc") or ""]
        texts += [n.text or "" for group in node.findall("inclusionTerm") for n in group.findall("note")]
        for text in texts:
            terms.update(t for t in disease_terms(natural(text)) if fold(t) not in ordinary)
    terms.update(hand("diseases"))
    return terms.discard(hand("not_diseases"))


SIDE = re.compile(r"(?i)\b(left|right|bilateral|unilateral|category|stage|type [ivx]+ |trimester|fetus|eye|ear|[a-z]+ encounter)\b|[0-9]{2,}|\b(of|to|with|in|and|or|by|from|the|without)$")


def disease_terms(text):
    text = re.sub(r" NOS$", "", PAREN.sub("", text))
    short = UNSPECIFIC.sub("", text)
    for name in (text, short, short.split(",")[0]):
        name = name.strip(" ,.")
        if 4 <= len(name) <= 40 and len(name.split()) <= 4 and not SIDE.search(name) and not re.search(r"(?i)^(other|unspecified|encounter|personal history|family history|certain)\b", name):
            yield name
