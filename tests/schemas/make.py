#!/usr/bin/env python3
"""Makes `tables/` and their truth, `truth.jsonl`: `python3 make.py`, standard library only.

The columns are those of schemas that many systems have, from general knowledge of them; the labels were written with the
columns, before any of them was judged. Every value is made up from the words below. A column is `(name, label, maker)`;
a label in brackets after a bar is right too: `GENDER|NONE`.
"""
import csv, datetime, json, pathlib, random

ROWS = 60
here = pathlib.Path(__file__).parent
dice = random.Random(20240517)


def w(text):
    return text.split("|")


FIRST = {
    "en": w("Harriet|Duncan|Olive|Jasper|Imogen|Callum|Beatrix|Rory|Philippa|Wesley|Marjorie|Tobias|Edith|Clive|Winifred|Desmond|Roxanne|Gareth|Shauna|Percy|Lorraine|Keith|Denise|Ambrose"),
    "de": w("Anneliese|Dieter|Waltraud|Jürgen|Heike|Torsten|Gisela|Uwe|Sabine|Volker|Ingrid|Rüdiger|Birgit|Detlef|Silke|Holger|Ulrike|Günther|Renate|Axel"),
    "fr": w("Thibault|Océane|Gaspard|Maëlle|Benoît|Solène|Yannick|Élodie|Quentin|Capucine|Fabrice|Margaux|Hervé|Ségolène|Guillaume|Clémence"),
    "es": w("Álvaro|Macarena|Íñigo|Rocío|Gonzalo|Pilar|Joaquín|Consuelo|Ramiro|Ainhoa|Leandro|Begoña|Nicolás|Yolanda|Rubén|Inmaculada"),
    "pl": w("Zbigniew|Grażyna|Mirosław|Bożena|Krzysztof|Halina|Wojciech|Jadwiga|Sławomir|Danuta|Przemysław|Urszula|Ryszard|Iwona"),
    "tr": w("Emre|Zeynep|Burak|Elif|Serkan|Gülşen|Tolga|Nurcan|Onur|Şule|Kemal|Hatice|Volkan|Aylin"),
    "pt": w("Thiago|Larissa|Anderson|Juliana|Rogério|Fernanda|Everton|Priscila|Caio|Raquel|Otávio|Bianca|Renato|Simone"),
    "nl": w("Joost|Marieke|Sander|Femke|Bart|Anouk|Wouter|Liesbeth|Jeroen|Saskia|Maarten|Hanneke|Koen|Ingeborg"),
    "it": w("Ludovica|Ettore|Ginevra|Massimo|Ilaria|Gianluca|Serena|Raffaele|Chiara|Fabrizio|Noemi|Salvatore|Mirella|Tommaso"),
    "sv": w("Torbjörn|Ebba|Gunnar|Linnéa|Håkan|Saga|Lennart|Elsa|Mats|Ulrika|Göran|Agneta|Rasmus|Maj"),
}
LAST = {
    "en": w("Ashworth|Pemberton|Hargreaves|Lockwood|Fairbanks|Whitcombe|Sutcliffe|Ogden|Thackeray|Holloway|Kirkland|Bramley|Draper|Winslow|Cartwright|Haskell|Purcell|Merritt|Langley|Abernathy"),
    "de": w("Brandstätter|Kaltenbach|Vogelsang|Reinhardt|Oberhauser|Lindemann|Schürmann|Petersen|Hufnagel|Ziegler|Kowalke|Dreyer|Stellmacher|Böttcher|Raabe|Wiegand"),
    "fr": w("Charpentier|Lemoine|Delacroix|Boisvert|Rousseau|Fontaine|Marchand|Pelletier|Gauthier|Chevalier|Lefèvre|Barbier"),
    "es": w("Villanueva|Echeverría|Cabrera|Montero|Salgado|Ibáñez|Quintana|Arroyo|Zamora|Benítez|Lozano|Figueroa"),
    "pl": w("Jabłoński|Wieczorek|Zawadzka|Sikora|Borkowski|Czarnecka|Maciejewski|Kubiak|Szczepańska|Urbaniak"),
    "tr": w("Yılmaz|Karataş|Öztürk|Demirci|Aksoy|Şahin|Kılıç|Polat|Erdoğdu|Güneş"),
    "pt": w("Nascimento|Cavalcante|Teixeira|Moreira|Barbosa|Queiroz|Figueiredo|Vasconcelos|Pinheiro|Bezerra"),
    "nl": w("Hoekstra|Brouwer|Dijkstra|Veenstra|Kuipers|Schouten|Timmermans|Postma|Verhoeven|Zijlstra"),
    "it": w("Colombo|Marchetti|Santoro|Pellegrini|De Luca|Fabbri|Caruso|Grassi|Villa|Montanari"),
    "sv": w("Lindqvist|Sjöberg|Ekström|Nyström|Hedlund|Åkesson|Wallin|Forsberg|Bergström|Sandell"),
}
CITY = {
    "en": w("Shrewsbury|Kettering|Harrogate|Omaha|Tulsa|Boise|Chattanooga|Dundee|Swansea|Ipswich|Spokane|Duluth"),
    "de": w("Göttingen|Bamberg|Kassel|Ravensburg|Flensburg|Jena|Osnabrück|Passau|Bielefeld|Trier|Ulm"),
    "fr": w("Angers|Besançon|Limoges|Perpignan|Quimper|Tourcoing|Valence|Colmar|Nîmes|Bayonne"),
    "es": w("Albacete|Burgos|Cáceres|Huelva|Logroño|Pontevedra|Teruel|Zamora|Jaén|Lleida"),
    "pl": w("Rzeszów|Olsztyn|Toruń|Bydgoszcz|Kielce|Opole|Gliwice|Zamość|Tarnów"),
    "tr": w("Konya|Trabzon|Eskişehir|Gaziantep|Bursa|Kayseri|Samsun|Mersin"),
    "pt": w("Campinas|Curitiba|Uberlândia|Londrina|Maceió|Niterói|Sorocaba|Joinville"),
    "nl": w("Apeldoorn|Zwolle|Deventer|Breda|Leeuwarden|Alkmaar|Venlo|Hoorn"),
    "it": w("Ferrara|Piacenza|Taranto|Viterbo|Udine|Pesaro|Trapani|Lecco|Cuneo"),
    "sv": w("Västerås|Örebro|Sundsvall|Kalmar|Borås|Umeå|Växjö|Falun"),
}
STREET = {
    "en": ["{n} Orchard Lane", "{n} Mill Road", "{n} Sycamore Avenue", "Flat {m}, {n} Queens Drive", "{n} Harbor Street", "{n} Chapel Close"],
    "de": ["Lindenweg {n}", "Bahnhofstraße {n}", "Am Mühlbach {n}", "Kirchgasse {n}a", "Goethestr. {n}", "Dorfplatz {n}"],
    "fr": ["{n} rue des Lilas", "{n} bis avenue Foch", "{n}, chemin du Moulin", "{n} boulevard Carnot", "{n} impasse des Acacias"],
    "es": ["Calle Alcalá {n}", "C/ Mayor {n}, {m}º B", "Avda. de la Paz {n}", "Plaza España {n}", "Paseo del Río {n}"],
    "pl": ["ul. Polna {n}", "ul. Kościuszki {n}/{m}", "al. Wojska Polskiego {n}", "os. Słoneczne {n}/{m}", "ul. Leśna {n}"],
    "pt": ["Rua das Flores, {n}", "Avenida Brasil, {n}", "Travessa do Porto, {n}", "Rua XV de Novembro, {n}"],
    "it": ["Via Garibaldi {n}", "Via Roma, {n}", "Piazza Dante {n}", "Corso Cavour {n}", "Viale dei Tigli {n}"],
    "sv": ["Storgatan {n}", "Björkvägen {n}", "Kungsgatan {n} B", "Ringvägen {n}"],
}
MAIL = w("mailbox.test|inbox.example|post.example.org|letters.example.net")
COMPANY = w("Hartwell Tools Ltd|Nordlicht Optik GmbH|Atelier Lumen SARL|Puente Azul SL|Bluewater Marine Inc|Kessler & Söhne KG|Greenfield Foods|Ostara Textiles|Vantage Print Co|Sapori Antichi Srl|Fjord Seafood AS|Lindgren Bygg AB|Maple Ridge Dairy|Orion Freight|Tulip Export BV|Kilim Import|Copper Kettle Brewing|Alpine Gear AG")
WORDS = w("harvest|winter|copper|silent|orbit|lantern|meadow|granite|velvet|signal|canyon|ember|drift|marble|thicket|beacon")
PRODUCT = w("Chai|Ginger Syrup|Smoked Herring|Rye Crackers|Apricot Jam|Goat Cheese|Olive Paste|Barley Flour|Maple Candy|Pickled Beets|Cocoa Nibs|Sesame Oil|Plum Vinegar|Oat Biscuits")
JOB = {
    "en": w("Sales Representative|Production Technician|Accountant|Warehouse Manager|Software Engineer|Marketing Specialist|Buyer|Receptionist|Tool Designer|Research Assistant|Payroll Clerk|Nurse"),
    "fr": w("infirmière|comptable|menuisier|ingénieur|professeur|boulanger|assistante sociale|chauffeur"),
    "nl": w("verpleegkundige|timmerman|leraar|boekhouder|kok|verkoper|advocaat|loodgieter"),
    "sv": w("Systemutvecklare|Ekonomiassistent|Sjuksköterska|Projektledare|Lagerarbetare|Säljare|Undersköterska"),
}
COUNTRY = w("Germany|France|Spain|Brazil|Canada|Norway|Italy|Japan|Poland|Mexico|Austria|Ireland")
CC = w("DE|FR|ES|BR|CA|NO|IT|JP|PL|MX|AT|IE|US|GB")


def pick(words):
    return lambda r: dice.choice(words)


def number(low, high):
    return lambda r: str(dice.randint(low, high))


def decimal(low, high, places=2):
    return lambda r: f"{dice.uniform(low, high):.{places}f}"


def serial(start, prefix="", width=0):
    return lambda r: f"{prefix}{start + r['row']:0{width}d}"


def code(form):
    """9: a digit, A: a letter, x: a hexadecimal digit, *: a letter of either case or a digit."""
    sets = {"9": "0123456789", "A": "ABCDEFGHJKLMNPQRSTUVWXYZ", "x": "0123456789abcdef", "*": "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ0123456789"}
    return lambda r: "".join(dice.choice(sets[c]) if c in sets else c for c in form)


def date(low, high, form="%Y-%m-%d"):
    def make(r):
        day = datetime.datetime(low, 1, 1) + datetime.timedelta(seconds=dice.randrange((high - low) * 31_536_000))
        return day.strftime(form)
    return make


def first(language):
    return lambda r: r.setdefault("first", dice.choice(FIRST[language]))


def last(language):
    return lambda r: r.setdefault("last", dice.choice(LAST[language]))


def name(language):
    return lambda r: dice.choice(FIRST[language]) + " " + dice.choice(LAST[language])


def plain(text):
    import unicodedata
    text = unicodedata.normalize("NFKD", text.lower().replace("ł", "l").replace("ı", "i"))
    return "".join(c for c in text if c.isascii() and c.isalnum())


def email(language):
    def make(r):
        a, b = first(language)(r), last(language)(r)
        return dice.choice([f"{plain(a)}.{plain(b)}", f"{plain(a)[0]}{plain(b)}", f"{plain(a)}{dice.randint(1, 99)}"]) + "@" + dice.choice(MAIL)
    return make


def login(language):
    return lambda r: plain(first(language)(r))[:1] + plain(last(language)(r)) + dice.choice(["", "", str(dice.randint(1, 99))])


def street(language):
    return lambda r: dice.choice(STREET[language]).format(n=dice.randint(1, 180), m=dice.randint(1, 9))


def city(language):
    return pick(CITY[language])


def sparse(share, make):
    return lambda r: make(r) if dice.random() < share else ""


def luhn(digits):
    total = sum(sum(divmod(int(d) * (2 if i % 2 == 0 else 1), 10)) for i, d in enumerate(reversed(digits)))
    return str(-total % 10)


def card(r):
    body = dice.choice(["4", "51", "53"]) + "".join(str(dice.randint(0, 9)) for _ in range(14))
    return body[:15] + luhn(body[:15])


def iban(r):
    bank = "".join(str(dice.randint(0, 9)) for _ in range(18))
    return f"DE{98 - int(bank + '131400') % 97:02d}{bank}"


def weighted(digits, weights):
    return sum(int(d) * k for d, k in zip(digits, weights))


def nif(r):
    n = dice.randint(10_000_000, 79_999_999)
    return f"{n}{'TRWAGMYFPDXBNJZSQVHLCKE'[n % 23]}"


def pesel(r):
    d = datetime.date(1950, 1, 1) + datetime.timedelta(days=dice.randrange(18000))
    body = d.strftime("%y%m%d") + f"{dice.randrange(10000):04d}"
    return body + str(-weighted(body, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3]) % 10)


def tckn(r):
    d = [dice.randint(1, 9)] + [dice.randint(0, 9) for _ in range(8)]
    tenth = (sum(d[0:9:2]) * 7 - sum(d[1:8:2])) % 10
    return "".join(map(str, d)) + str(tenth) + str((sum(d) + tenth) % 10)


def cpf(r):
    d = "".join(str(dice.randint(0, 9)) for _ in range(9))
    for n in (10, 11):
        d += str(weighted(d, range(n, 1, -1)) * 10 % 11 % 10)
    return f"{d[:3]}.{d[3:6]}.{d[6:9]}-{d[9:]}"


def bsn(r):
    while True:
        d = "".join(str(dice.randint(0, 9)) for _ in range(8))
        check = weighted(d, range(9, 1, -1)) % 11
        if check < 10:
            return d + str(check)


def personnummer(r):
    d = (datetime.date(1955, 1, 1) + datetime.timedelta(days=dice.randrange(16000))).strftime("%y%m%d") + f"{dice.randrange(1000):03d}"
    return f"{d[:6]}-{d[6:]}{luhn(d)}"


def codice(r):
    consonants = "BCDFGLMNPRSTV"
    body = "".join(dice.choice(consonants) for _ in range(6)) + f"{dice.randrange(100):02d}" + dice.choice("ABCDEHLMPRST")
    body += f"{dice.choice([0, 40]) + dice.randint(1, 28):02d}" + dice.choice("ABCDEFGHL") + f"{dice.randint(100, 999)}"
    odd = dict(zip("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23]))
    even = {c: int(c) if c.isdigit() else ord(c) - 65 for c in odd}
    return body + chr(65 + sum((odd if i % 2 == 0 else even)[c] for i, c in enumerate(body)) % 26)


def ssn(r):
    return f"{dice.randint(100, 665)}-{dice.randint(10, 99)}-{dice.randint(1000, 9999)}"


def ip(r):
    return f"{dice.choice([81, 92, 109, 145, 203, 77])}.{dice.randint(0, 255)}.{dice.randint(0, 255)}.{dice.randint(1, 254)}"


def agent(r):
    v = dice.randint(90, 124)
    return dice.choice([f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{v}.0.0.0 Safari/537.36", f"Mozilla/5.0 (X11; Linux x86_64; rv:{v}.0) Gecko/20100101 Firefox/{v}.0"])


PHONE = {
    "en": lambda r: dice.choice([f"({dice.randint(201, 989)}) {dice.randint(200, 999)}-{dice.randint(1000, 9999)}", f"+1 {dice.randint(201, 989)} {dice.randint(200, 999)} {dice.randint(1000, 9999)}"]),
    "de": lambda r: dice.choice([f"0{dice.randint(170, 179)} {dice.randint(1000000, 9999999)}", f"+49 {dice.randint(201, 989)} {dice.randint(10000, 999999)}", f"0{dice.randint(2011, 9899)}/{dice.randint(10000, 99999)}"]),
    "fr": lambda r: "0" + dice.choice("67") + "".join(f" {dice.randint(0, 99):02d}" for _ in range(4)),
    "es": lambda r: f"{dice.choice('679')}{dice.randint(10, 99)} {dice.randint(100, 999)} {dice.randint(100, 999)}",
    "pl": lambda r: f"{dice.randint(500, 799)} {dice.randint(100, 999)} {dice.randint(100, 999)}",
    "tr": lambda r: f"05{dice.randint(30, 59)} {dice.randint(100, 999)} {dice.randint(10, 99)} {dice.randint(10, 99)}",
    "pt": lambda r: f"({dice.randint(11, 98)}) 9{dice.randint(1000, 9999)}-{dice.randint(1000, 9999)}",
    "it": lambda r: f"3{dice.randint(20, 99)} {dice.randint(1000000, 9999999)}",
    "sv": lambda r: f"07{dice.randint(0, 9)}-{dice.randint(100, 999)} {dice.randint(10, 99)} {dice.randint(10, 99)}",
}
FLAG = pick(["0", "1"])
TF = pick(["true", "false"])
STAMP = date(2015, 2024, "%Y-%m-%d %H:%M:%S")
ISO = date(2019, 2024, "%Y-%m-%dT%H:%M:%S.000Z")
DAY = date(2012, 2024)
GUID = code("xxxxxxxx-xxxx-4xxx-axxx-xxxxxxxxxxxx")
N = "NONE"

TABLES = {
    "salesforce/contact": [
        ("Id", N, code("0035g00000***A**AQ")), ("AccountId", N, code("0015g00000***B**AA")),
        ("Salutation", "GENDER|NONE", pick(["Mr.", "Ms.", "Mrs.", "Dr."])), ("FirstName", "FIRST_NAME", first("en")),
        ("LastName", "LAST_NAME", last("en")), ("Email", "EMAIL_ADDRESS", email("en")), ("Phone", "PHONE_NUMBER", PHONE["en"]),
        ("MobilePhone", "PHONE_NUMBER", sparse(0.6, PHONE["en"])), ("Title", "JOB_TITLE", pick(JOB["en"])),
        ("Department", N, pick(w("Finance|Sales|Operations|Legal|IT|Purchasing"))), ("Birthdate", "DATE_OF_BIRTH", date(1950, 2000)),
        ("MailingStreet", "STREET_ADDRESS", street("en")), ("MailingCity", "CITY", city("en")),
        ("MailingState", "REGION", pick(w("NE|OK|ID|TN|WA|MN|TX|OH"))), ("MailingPostalCode", "POSTAL_CODE", code("99999")),
        ("MailingCountry", "COUNTRY", pick(COUNTRY)), ("LeadSource", N, pick(w("Web|Phone Inquiry|Partner Referral|Purchased List|Other"))),
        ("HasOptedOutOfEmail", N, TF), ("EmailBouncedReason", N, sparse(0.2, pick(w("mailbox full|user unknown|host not found")))),
        ("EmailBouncedDate", N, sparse(0.2, ISO)), ("OwnerId", N, code("0055g00000***C**AA")), ("ReportsToId", N, code("0035g00000***A**AQ")),
        ("CreatedDate", N, ISO), ("SystemModstamp", N, ISO), ("NumberOfEmployees", N, number(3, 4000)),
    ],
    "sap/kna1": [
        ("MANDT", N, pick(["100"])), ("KUNNR", N, serial(100_400, width=10)), ("LAND1", "COUNTRY", pick(CC)), ("NAME1", N, pick(COMPANY)),
        ("ORT01", "CITY", city("de")), ("PSTLZ", "POSTAL_CODE", code("99999")), ("REGIO", "REGION|NONE", pick(w("BY|NW|BW|HE|SN"))),
        ("STRAS", "STREET_ADDRESS", street("de")), ("TELF1", "PHONE_NUMBER", PHONE["de"]), ("KTOKD", N, pick(w("KUNA|DEBI|CPDL"))),
        ("BRSCH", N, pick(w("HITE|TRAD|CHEM|FOOD"))), ("SPRAS", N, pick(w("D|E|F|S"))), ("ERDAT", N, date(2005, 2023, "%Y%m%d")),
        ("LOEVM", N, sparse(0.1, pick(["X"]))), ("KLIMK", N, decimal(0, 90000)),
    ],
    "sap/pa0002": [
        ("PERNR", N, serial(10_234, width=8)), ("BEGDA", N, date(2001, 2023, "%Y%m%d")), ("ENDDA", N, pick(["99991231"])),
        ("VORNA", "FIRST_NAME", first("de")), ("NACHN", "LAST_NAME", last("de")), ("GBDAT", "DATE_OF_BIRTH", date(1955, 2002, "%Y%m%d")),
        ("GBORT", "CITY", city("de")), ("NATIO", "NATIONALITY|COUNTRY", pick(w("DE|DE|DE|AT|PL|TR|IT|FR"))), ("FAMST", "MARITAL_STATUS|NONE", number(0, 4)),
        ("GESCH", "GENDER|NONE", pick(["1", "2"])), ("ANZKD", N, number(0, 4)), ("AEDTM", N, date(2010, 2024, "%Y%m%d")), ("SEQNR", N, pick(["000"])),
    ],
    "adventureworks/person": [
        ("BusinessEntityID", N, serial(1)), ("PersonType", N, pick(w("EM|IN|SC|VC|SP"))), ("NameStyle", N, FLAG), ("FirstName", "FIRST_NAME", first("en")),
        ("MiddleName", "FIRST_NAME|NONE", sparse(0.5, pick(FIRST["en"]))), ("LastName", "LAST_NAME", last("en")),
        ("Suffix", N, sparse(0.1, pick(w("Jr.|III|Sr.")))), ("EmailPromotion", N, number(0, 2)), ("rowguid", N, GUID), ("ModifiedDate", N, STAMP),
    ],
    "adventureworks/employee": [
        ("LoginID", "USERNAME", lambda r: "adventure-works\\" + plain(first("en")(r)) + str(dice.randint(0, 3))), ("OrganizationLevel", N, number(1, 4)),
        ("JobTitle", "JOB_TITLE", pick(JOB["en"])), ("BirthDate", "DATE_OF_BIRTH", date(1951, 1998)), ("MaritalStatus", "MARITAL_STATUS", pick(["M", "S"])),
        ("Gender", "GENDER", pick(["M", "F"])), ("HireDate", N, DAY), ("SalariedFlag", N, FLAG), ("VacationHours", N, number(0, 99)),
        ("SickLeaveHours", N, number(20, 80)), ("CurrentFlag", N, FLAG), ("PayFrequency", N, number(1, 2)),
    ],
    "northwind/customers": [
        ("CustomerID", N, code("AAAAA")), ("CompanyName", N, pick(COMPANY)), ("ContactName", "PERSON", name("fr")), ("ContactTitle", "JOB_TITLE", pick(JOB["en"])),
        ("Address", "STREET_ADDRESS", street("fr")), ("City", "CITY", city("fr")), ("PostalCode", "POSTAL_CODE", code("99999")),
        ("Country", "COUNTRY", pick(COUNTRY)), ("Phone", "PHONE_NUMBER", PHONE["fr"]), ("Fax", "PHONE_NUMBER", sparse(0.6, PHONE["fr"])),
    ],
    "northwind/orders": [
        ("OrderID", N, serial(10248)), ("EmployeeID", N, number(1, 9)), ("OrderDate", N, DAY), ("RequiredDate", N, DAY), ("ShippedDate", N, sparse(0.9, DAY)),
        ("ShipVia", N, number(1, 3)), ("Freight", N, decimal(1, 300)), ("ShipName", N, pick(COMPANY)), ("ShipAddress", "STREET_ADDRESS", street("es")),
        ("ShipCity", "CITY", city("es")), ("ShipCountry", "COUNTRY", pick(COUNTRY)),
    ],
    "northwind/products": [
        ("ProductID", N, serial(1)), ("ProductName", N, pick(PRODUCT)), ("QuantityPerUnit", N, lambda r: f"{dice.randint(4, 48)} {dice.choice(w('boxes|bottles|jars'))} x {dice.randint(2, 30)} bags"),
        ("UnitPrice", N, decimal(2, 90, 4)), ("UnitsInStock", N, number(0, 120)), ("ReorderLevel", N, number(0, 30)), ("Discontinued", N, FLAG),
    ],
    "sakila/film": [
        ("film_id", N, serial(1)), ("title", N, lambda r: f"{dice.choice(WORDS)} {dice.choice(WORDS)}".upper()), ("release_year", N, pick(["2006"])),
        ("rental_duration", N, number(3, 7)), ("rental_rate", N, pick(w("0.99|2.99|4.99"))), ("length", N, number(46, 185)), ("replacement_cost", N, decimal(9, 30)),
        ("rating", N, pick(w("PG|G|NC-17|PG-13|R"))), ("special_features", N, pick(w("Trailers|Deleted Scenes|Commentaries,Trailers"))), ("last_update", N, STAMP),
    ],
    "sakila/customer": [
        ("customer_id", N, serial(1)), ("store_id", N, number(1, 2)), ("first_name", "FIRST_NAME", lambda r: first("en")(r).upper()), ("last_name", "LAST_NAME", lambda r: last("en")(r).upper()),
        ("email", "EMAIL_ADDRESS", email("en")), ("address_id", N, number(5, 605)), ("active", N, FLAG), ("create_date", N, STAMP),
    ],
    "omop/person": [
        ("person_id", N, serial(30_001)), ("gender_concept_id", N, pick(w("8507|8532"))), ("year_of_birth", "DATE_OF_BIRTH|NONE|AGE", number(1930, 2010)),
        ("birth_datetime", "DATE_OF_BIRTH", date(1930, 2010, "%Y-%m-%d 00:00:00")), ("race_concept_id", N, pick(w("8527|8516|8515|0"))),
        ("race_source_value", "ETHNICITY", pick(w("white|black|asian|white|other"))), ("gender_source_value", "GENDER", pick(["M", "F"])),
        ("provider_id", N, number(1, 400)), ("care_site_id", N, number(1, 40)), ("location_id", N, number(1, 900)),
    ],
    "omop/condition_occurrence": [
        ("condition_occurrence_id", N, serial(770_001)), ("condition_concept_id", N, number(20_000, 4_300_000)), ("condition_start_date", N, DAY),
        ("condition_type_concept_id", N, pick(w("32817|32020"))), ("condition_source_value", "MEDICAL_DIAGNOSIS", pick(w("E11.9|I10|J45.909|M54.5|F32.1|K21.9|N39.0|G43.909|E78.5|J06.9"))),
        ("stop_reason", N, sparse(0.2, pick(w("resolved|transferred")))), ("visit_occurrence_id", N, number(1, 90000)),
    ],
    "wordpress/wp_users": [
        ("ID", N, serial(1)), ("user_login", "USERNAME", login("es")), ("user_pass", "PASSWORD_HASH", code("$P$B" + "*" * 30)), ("user_email", "EMAIL_ADDRESS", email("es")),
        ("user_url", "URL", sparse(0.7, lambda r: f"https://{plain(last('es')(r))}{dice.randint(1, 99)}.example.org/")), ("user_registered", N, STAMP),
        ("user_activation_key", N, sparse(0.3, code("1699999999:$P$B" + "*" * 30))), ("user_status", N, pick(["0"])), ("display_name", "PERSON", name("es")),
    ],
    "wordpress/wp_comments": [
        ("comment_ID", N, serial(1)), ("comment_post_ID", N, number(1, 300)), ("comment_author", "PERSON", name("en")), ("comment_author_email", "EMAIL_ADDRESS", email("en")),
        ("comment_author_IP", "IP_ADDRESS", ip), ("comment_date_gmt", N, STAMP), ("comment_karma", N, number(0, 3)), ("comment_approved", N, pick(w("0|1|spam"))),
        ("comment_agent", N, agent), ("comment_parent", N, number(0, 50)),
    ],
    "magento/customer_entity": [
        ("entity_id", N, serial(1)), ("website_id", N, number(1, 2)), ("email", "EMAIL_ADDRESS", email("nl")), ("group_id", N, number(0, 3)), ("increment_id", N, serial(1, width=9)),
        ("created_at", N, STAMP), ("is_active", N, FLAG), ("firstname", "FIRST_NAME", first("nl")), ("lastname", "LAST_NAME", last("nl")), ("dob", "DATE_OF_BIRTH", sparse(0.5, date(1950, 2004))),
        ("password_hash", "PASSWORD_HASH", lambda r: code("x" * 64)(r) + ":" + code("*" * 16)(r) + ":2"), ("rp_token", N, sparse(0.3, code("x" * 32))), ("failures_num", N, number(0, 4)),
        ("default_billing", N, number(1, 900)), ("lock_expires", N, sparse(0.1, STAMP)),
    ],
    "magento/sales_order_address": [
        ("parent_id", N, serial(1)), ("region", "REGION", pick(w("Gelderland|Utrecht|Friesland|Zeeland|Limburg"))), ("postcode", "POSTAL_CODE", code("9999 AA")), ("telephone", "PHONE_NUMBER", PHONE["de"]),
        ("street", "STREET_ADDRESS", lambda r: f"{dice.choice(w('Kerkstraat|Molenweg|Dorpsstraat|Beatrixlaan'))} {dice.randint(1, 140)}"), ("country_id", "COUNTRY", pick(w("NL|BE|DE"))),
        ("quote_address_id", N, serial(5000)), ("customer_address_id", N, number(1, 700)), ("company", N, sparse(0.4, pick(COMPANY))), ("vat_is_valid", N, FLAG), ("vat_request_date", N, sparse(0.3, DAY)),
    ],
    "workday/worker": [
        ("Employee_ID", N, serial(21_007)), ("Preferred_Name", "PERSON", name("en")), ("Job_Profile", "JOB_TITLE", pick(JOB["en"])), ("Worker_Type", N, pick(w("Regular|Fixed Term|Contractor|Intern"))),
        ("Manager", "PERSON", name("en")), ("Social_Security_Number", "US_SSN", ssn), ("Compensation_Grade", N, pick(w("G05|G06|G07|M01|M02"))), ("FTE", N, pick(w("1.0|0.8|0.5"))),
        ("Ethnicity", "ETHNICITY", pick(w("White|Hispanic or Latino|Asian|Black or African American|Two or More Races"))), ("Termination_Reason", N, sparse(0.2, pick(w("Resignation|Layoff|Retirement")))),
        ("Cost_Center_Hierarchy", N, pick(w("North Region Sales|Shared Services|Plant Operations"))), ("Time_in_Position_Months", N, number(1, 180)), ("Base_Pay", N, decimal(31000, 140000)),
        ("Last_Performance_Rating", N, number(1, 5)), ("Home_Phone_Consent", N, pick(["Y", "N"])), ("Age_Group_Target", N, pick(w("junior|mid|senior"))),
    ],
    "de/mitarbeiter": [
        ("Personalnr", N, serial(40_010)), ("Anrede", "GENDER|NONE", pick(["Herr", "Frau"])), ("Vorname", "FIRST_NAME", first("de")), ("Nachname", "LAST_NAME", last("de")),
        ("Geburtstag", "DATE_OF_BIRTH", date(1955, 2003, "%d.%m.%Y")), ("Straße", "STREET_ADDRESS", street("de")), ("PLZ", "POSTAL_CODE", code("99999")), ("Wohnort", "CITY", city("de")),
        ("Telefon privat", "PHONE_NUMBER", PHONE["de"]), ("Konfession", "RELIGION", pick(w("evangelisch|römisch-katholisch|keine|ev|rk"))), ("Familienstand", "MARITAL_STATUS", pick(w("ledig|verheiratet|geschieden|verwitwet"))),
        ("Steuerklasse", N, number(1, 6)), ("Eintrittsdatum", N, date(2001, 2024, "%d.%m.%Y")), ("Urlaubstage Rest", N, number(0, 30)), ("Gehaltsstufe", N, pick(w("E9|E10|E11|E13"))),
        ("IBAN", "IBAN_CODE", iban), ("Stundenlohn", N, lambda r: f"{dice.uniform(14, 48):.2f}".replace(".", ",")), ("Anzahl Kinder", N, number(0, 4)), ("Adresse geprüft", N, pick(["ja", "nein"])),
        ("Schicht", N, pick(w("Früh|Spät|Nacht"))), ("Telefonkosten", N, decimal(5, 90)),
    ],
    "fr/abonnes": [
        ("civilite", "GENDER|NONE", pick(["M.", "Mme"])), ("prenom", "FIRST_NAME", first("fr")), ("nom", "LAST_NAME", last("fr")), ("courriel", "EMAIL_ADDRESS", email("fr")), ("tel_portable", "PHONE_NUMBER", PHONE["fr"]),
        ("adresse", "STREET_ADDRESS", street("fr")), ("code_postal", "POSTAL_CODE", code("99999")), ("ville", "CITY", city("fr")), ("date_naissance", "DATE_OF_BIRTH", date(1945, 2006, "%d/%m/%Y")),
        ("profession", "JOB_TITLE", pick(JOB["fr"])), ("num_abonne", N, serial(880_001)), ("date_souscription", N, date(2014, 2024, "%d/%m/%Y")), ("montant_mensuel", N, decimal(5, 60)), ("nb_enfants", N, number(0, 4)),
        ("statut_abonnement", N, pick(w("actif|suspendu|résilié"))), ("motif_resiliation", N, sparse(0.3, pick(w("prix|déménagement|autre")))), ("type_adresse", N, pick(w("domicile|travail"))), ("taux_remise", N, decimal(0, 30, 1)), ("offre", N, pick(w("Essentiel|Confort|Premium"))),
    ],
    "es/pacientes": [
        ("nombre", "FIRST_NAME", first("es")), ("apellidos", "LAST_NAME", lambda r: dice.choice(LAST["es"]) + " " + dice.choice(LAST["es"])), ("dni", "ES_NIF", nif), ("fecha_nac", "DATE_OF_BIRTH", date(1935, 2015, "%d/%m/%Y")),
        ("sexo", "GENDER", pick(w("Hombre|Mujer"))), ("domicilio", "STREET_ADDRESS", street("es")), ("poblacion", "CITY", city("es")), ("provincia", "REGION", pick(w("Burgos|Cáceres|Huelva|Navarra|Asturias|Cantabria"))),
        ("telefono_movil", "PHONE_NUMBER", PHONE["es"]), ("grupo_sanguineo", "BLOOD_TYPE", pick(w("A+|O+|B-|AB+|O-|A-"))), ("diagnostico", "MEDICAL_DIAGNOSIS", pick(w("asma|diabetes tipo 2|hipertensión|bronquitis|migraña|anemia|gastritis|neumonía"))),
        ("num_historia", N, serial(300_150)), ("fecha_ingreso", N, date(2018, 2024, "%d/%m/%Y")), ("num_cama", N, number(1, 60)), ("planta", N, number(1, 6)), ("prioridad", N, pick(w("alta|media|baja"))), ("dias_estancia", N, number(1, 30)), ("importe_copago", N, decimal(0, 80)), ("edad_minima", N, number(0, 18)),
    ],
    "pl/klienci": [
        ("imie", "FIRST_NAME", first("pl")), ("nazwisko", "LAST_NAME", last("pl")), ("pesel", "PL_PESEL", pesel), ("ulica", "STREET_ADDRESS", street("pl")), ("miejscowosc", "CITY", city("pl")), ("kod_poczt", "POSTAL_CODE", code("99-999")),
        ("telefon_kom", "PHONE_NUMBER", PHONE["pl"]), ("data_ur", "DATE_OF_BIRTH", date(1950, 2004)), ("nr_umowy", N, lambda r: f"UM/{dice.randint(2015, 2024)}/{dice.randint(100, 9999)}"), ("kwota_brutto", N, decimal(20, 4000)), ("rabat_proc", N, number(0, 25)),
        ("status_umowy", N, pick(w("aktywna|zakończona|zawieszona"))), ("data_podpisania", N, DAY), ("liczba_rat", N, pick(w("6|12|24|36"))), ("zgoda_email", N, pick(["T", "N"])), ("typ_adresu", N, pick(w("zameldowania|korespondencyjny"))),
    ],
    "tr/ogrenciler": [
        ("ad", "FIRST_NAME", first("tr")), ("soyad", "LAST_NAME", last("tr")), ("tc_no", "TR_TCKN", tckn), ("dogum_tar", "DATE_OF_BIRTH", date(1998, 2010, "%d.%m.%Y")), ("cinsiyet", "GENDER", pick(w("Erkek|Kadın"))), ("il", "REGION|CITY", city("tr")), ("cep_telefonu", "PHONE_NUMBER", PHONE["tr"]),
        ("veli_adi", "PERSON", name("tr")), ("ogrenci_no", N, serial(20_190)), ("sinif", N, pick(w("9A|9B|10A|11C|12B"))), ("not_ortalamasi", N, decimal(40, 100)), ("kayit_tarihi", N, date(2018, 2024, "%d.%m.%Y")), ("devamsizlik_gun", N, number(0, 20)), ("burs_durumu", N, pick(w("var|yok"))), ("ders_sayisi", N, number(5, 12)),
    ],
    "pt/clientes": [
        ("nome", "PERSON", name("pt")), ("cpf", "BR_CPF", cpf), ("data_nascimento", "DATE_OF_BIRTH", date(1950, 2004, "%d/%m/%Y")), ("celular", "PHONE_NUMBER", PHONE["pt"]), ("cidade", "CITY", city("pt")), ("uf", "REGION", pick(w("SP|PR|MG|AL|RJ|SC"))), ("cep", "POSTAL_CODE", code("99999-999")),
        ("logradouro", "STREET_ADDRESS", street("pt")), ("estado_civil", "MARITAL_STATUS", pick(w("solteiro|casada|divorciado|viúva"))), ("valor_compra", N, decimal(10, 2000)), ("forma_pagamento", N, pick(w("boleto|cartão|pix"))), ("qtd_parcelas", N, number(1, 12)), ("data_compra", N, date(2019, 2024, "%d/%m/%Y")), ("situacao", N, pick(w("ativo|inativo|bloqueado"))), ("limite_telefone", N, number(1, 5)), ("nota_avaliacao", N, number(1, 10)),
    ],
    "nl/leden": [
        ("lidnummer", N, serial(5_004)), ("voornaam", "FIRST_NAME", first("nl")), ("achternaam", "LAST_NAME", last("nl")), ("geb_datum", "DATE_OF_BIRTH", date(1945, 2012, "%d-%m-%Y")), ("geslacht", "GENDER", pick(["man", "vrouw"])), ("woonplaats", "CITY", city("nl")), ("bsn", "NL_BSN", bsn), ("beroep", "JOB_TITLE", pick(JOB["nl"])),
        ("contributie", N, decimal(20, 250)), ("lid_sinds", N, date(1999, 2024, "%d-%m-%Y")), ("opgezegd", N, pick(["ja", "nee"])), ("betaalwijze", N, pick(w("incasso|factuur|contant"))), ("aantal_lessen", N, number(0, 40)), ("adres_controle", N, pick(w("goed|fout"))), ("soort_lid", N, pick(w("jeugd|senior|donateur"))),
    ],
    "it/iscritti": [
        ("cognome", "LAST_NAME", last("it")), ("nome", "FIRST_NAME", first("it")), ("cod_fiscale", "IT_FISCAL_CODE", codice), ("indirizzo", "STREET_ADDRESS", street("it")), ("cap", "POSTAL_CODE", code("99999")), ("comune", "CITY", city("it")), ("prov", "REGION", pick(w("FE|PC|TA|VT|UD|PU"))), ("cellulare", "PHONE_NUMBER", PHONE["it"]),
        ("num_tessera", N, serial(7_300)), ("quota_annua", N, decimal(20, 300)), ("data_scadenza", N, date(2022, 2026, "%d/%m/%Y")), ("livello_corso", N, pick(w("base|intermedio|avanzato"))), ("pagato", N, pick(["si", "no"])), ("tipo_email", N, pick(w("lavoro|privata"))), ("numero_lezioni", N, number(5, 40)),
    ],
    "sv/anstallda": [
        ("fornamn", "FIRST_NAME", first("sv")), ("efternamn", "LAST_NAME", last("sv")), ("personnr", "SE_PERSONNUMMER", personnummer), ("gatuadress", "STREET_ADDRESS", street("sv")), ("postnr", "POSTAL_CODE", code("999 99")), ("postort", "CITY", city("sv")), ("mobilnr", "PHONE_NUMBER", PHONE["sv"]), ("befattning", "JOB_TITLE", pick(JOB["sv"])),
        ("anst_datum", N, DAY), ("manadslon", N, number(24000, 68000)), ("avdelning", N, pick(w("Lager|Ekonomi|Kundtjänst|IT"))), ("sysselsattningsgrad", N, pick(w("100|80|75|50"))), ("semesterdagar", N, number(25, 32)), ("anstallningsform", N, pick(w("tillsvidare|vikariat|timanställd"))),
    ],
    "legacy/cusmas": [
        ("CUSNUM", N, serial(60_001)), ("CUSFNM", "FIRST_NAME", first("en")), ("CUSLNM", "LAST_NAME", last("en")), ("CUSDOB", "DATE_OF_BIRTH", date(1940, 2001, "%m/%d/%Y")), ("CUSPH1", "PHONE_NUMBER", PHONE["en"]), ("CUSAD1", "STREET_ADDRESS", street("en")), ("CUSZIP", "POSTAL_CODE", code("99999")), ("CUSCCN", "CREDIT_CARD", card),
        ("CUSSTS", N, pick(w("A|C|H"))), ("CUSBAL", N, decimal(-50, 900)), ("CUSLPD", N, date(2019, 2024, "%m/%d/%Y")), ("CUSCLS", N, number(1, 9)), ("CUSTRM", N, pick(w("N30|N60|COD"))), ("CUSSLS", N, number(100, 140)), ("CUSYTD", N, decimal(0, 20000)), ("CUSDSC", N, pick(w("0.00|2.50|5.00"))),
    ],
    "legacy/x": [
        ("F1", "EMAIL_ADDRESS", email("de")), ("F2", "PERSON", name("de")), ("F3", N, number(1, 400)), ("F4", N, pick(WORDS)), ("F5", "IBAN_CODE", iban), ("F6", N, STAMP), ("F7", N, decimal(0, 1)), ("F8", "PHONE_NUMBER", lambda r: f"+49 {dice.randint(151, 179)} {dice.randint(1000000, 9999999)}"), ("F9", N, code("AA-9999-A")), ("F10", N, pick(w("L|M|S|XL"))),
    ],
    "iot/telemetry": [
        ("device_serial", N, code("SN99AA9999999")), ("fw_version", N, lambda r: f"{dice.randint(1, 4)}.{dice.randint(0, 20)}.{dice.randint(0, 9)}"), ("battery_level", N, number(1, 100)), ("rssi", N, number(-110, -40)), ("uptime_s", N, number(100, 9_000_000)), ("err_code", N, sparse(0.2, pick(w("E12|E40|E07")))), ("gateway_mac", "MAC_ADDRESS", code("xx:xx:xx:xx:xx:xx")), ("co2_ppm", N, number(390, 1600)), ("received_ts", N, number(1_690_000_000, 1_716_000_000)), ("room", N, pick(w("Lab 2|Hall A|Server Room|Kitchen"))),
    ],
    "logistics/shipment": [
        ("awb", N, code("999-99999999")), ("hazard_class", N, pick(w("3|8|9|2.1"))), ("gross_weight_kg", N, decimal(2, 9000, 1)), ("incoterm", N, pick(w("FOB|CIF|DAP|EXW"))), ("container_no", N, code("AAAU9999999")), ("eta", N, DAY), ("customs_value", N, decimal(100, 90000)), ("seal_no", N, code("AA999999")), ("temp_setpoint", N, number(-20, 15)), ("carrier", N, pick(w("Orion Freight|Baltic Lines|SkyHaul|RoadRunner"))), ("pieces", N, number(1, 60)), ("consignee_email", "EMAIL_ADDRESS", email("it")),
    ],
    "crm/campaign_stats": [
        ("email_open_rate", N, decimal(0, 1, 4)), ("emails_bounced", N, number(0, 400)), ("phone_calls_made", N, number(0, 900)), ("address_quality_score", N, number(0, 100)), ("name_match_score", N, decimal(0, 1, 3)), ("city_population", N, number(9000, 3_000_000)), ("zip_coverage_pct", N, decimal(0, 100, 1)), ("gender_ratio", N, decimal(0, 2, 2)),
        ("age_limit", N, pick(w("16|18|21"))), ("login_count", N, number(0, 300)), ("password_attempts", N, number(0, 5)), ("user_rating", N, number(1, 5)), ("card_limit", N, pick(w("500|1000|5000"))), ("ssn_verified", N, pick(["Y", "N"])), ("dob_source", N, pick(w("form|import|agent"))), ("country_count", N, number(1, 30)), ("phone_type", N, pick(w("mobile|landline|voip"))), ("ip_version", N, pick(["4", "6"])),
        ("job_level", N, number(1, 9)), ("nationality_group", N, pick(w("A|B|C"))), ("last_name_source", N, pick(w("form|import|agent"))), ("first_purchase_date", N, DAY), ("blood_pressure", N, lambda r: f"{dice.randint(100, 160)}/{dice.randint(60, 100)}"), ("birthday_discount", N, pick(w("5|10|15"))), ("postal_code_zone", N, number(1, 9)), ("street_width_m", N, decimal(4, 20, 1)), ("iban_valid", N, TF), ("passport_expiry_days", N, number(10, 3600)), ("address_changes", N, number(0, 7)),
    ],
    "finance/general_ledger": [
        ("gl_account", N, code("999999")), ("posting_date", N, DAY), ("debit_amount", N, decimal(0, 9000)), ("credit_amount", N, decimal(0, 9000)), ("profit_centre", N, code("PC9999")), ("fiscal_year", N, pick(w("2022|2023|2024"))), ("doc_type", N, pick(w("SA|KR|DR|AB"))), ("reversal_flag", N, pick(["", "X", ""])), ("assignment", N, code("999999-99")), ("entered_by", "USERNAME", login("en")), ("line_text", N, pick(w("rent march|office supplies|bank charges|travel costs|accrual release"))),
    ],
    "stripe/charge": [
        ("id", N, code("ch_" + "*" * 24)), ("amount", N, number(100, 90000)), ("amount_refunded", N, number(0, 100)), ("balance_transaction", N, code("txn_" + "*" * 24)), ("billing_details_name", "PERSON", name("en")), ("billing_details_email", "EMAIL_ADDRESS", email("en")), ("card_brand", N, pick(w("visa|mastercard|amex"))), ("card_last4", N, code("9999")), ("card_exp_month", N, number(1, 12)), ("card_exp_year", N, number(2024, 2031)), ("card_fingerprint", N, code("*" * 16)), ("card_funding", N, pick(w("credit|debit|prepaid"))),
        ("captured", N, TF), ("currency", N, pick(w("eur|usd|gbp"))), ("failure_code", N, sparse(0.1, pick(w("card_declined|expired_card")))), ("customer", N, code("cus_" + "*" * 14)), ("payment_method", N, code("pm_" + "*" * 24)),
    ],
    "web/audit": [
        ("actor", "USERNAME", login("de")), ("client_address", "IP_ADDRESS", ip), ("repo", N, lambda r: dice.choice(WORDS) + "-" + dice.choice(w("api|ui|core"))), ("sha", N, code("x" * 40)), ("branch", N, pick(w("main|develop|release/2.1|fix/login"))), ("verb", N, pick(w("push|merge|delete|tag"))), ("status_code", N, pick(w("200|201|403|500"))), ("duration_ms", N, number(3, 9000)), ("path", N, lambda r: f"/{dice.choice(WORDS)}/{dice.randint(1, 99)}"), ("http_referer_present", N, FLAG), ("session_hash", N, code("x" * 64)), ("ip_reputation", N, decimal(0, 1, 2)),
    ],
}


def main():
    truth = []
    for table, columns in TABLES.items():
        path = here / "tables" / f"{table}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow([name for name, _, _ in columns])
            for row in range(ROWS):
                cells = {"row": row}
                writer.writerow([make(cells) for _, _, make in columns])
        for name, label, _ in columns:
            label, *accept = label.split("|")
            truth.append({"table": f"{table}.csv", "column": name, "labels": [label], "accept": accept, "embedded": []})
    with (here / "truth.jsonl").open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(line, ensure_ascii=False) + "\n" for line in truth)


main()
