//! The numbers of the judge, each with its meaning. `docs/decisions/scoring.md` has them as a table and tells what they
//! rest on; a test holds both together.
//!
//! Weights are natural logarithms of likelihood ratios: of how often such a thing is seen in columns of the identifier to
//! how often in columns of something else. 0.7 doubles the odds, 2.3 makes ten of one.

/// Independent cells beyond this number add nothing: whole columns of look-alikes exist, however long they are.
pub(super) const MOST_TRIALS: f64 = 60.0;
/// Least likelihood of a column of the identifier, whatever is counted: one column in 500 is mislabelled or broken.
pub(super) const BROKEN: f64 = 0.002;
/// Bounds of what one check or one list says: beyond one in 160,000 other reasons are likelier than chance.
pub(super) const MOST_SAID: f64 = 12.0;

/// A column of the identifier of which a share of the cells matches is as likely as that share to this power: half the
/// cells, one column in eight.
pub(super) const MISMATCH_POWER: i32 = 3;
/// What one matching cell says against chance, before look-alikes bound it: a cell of something else matches one time in
/// five.
pub(super) const MATCH_OF_CELL: f64 = 1.6;
/// Most that matching cells say together against chance: those of nine cells, since chance is not what matches then.
pub(super) const MATCHES_AT_MOST: f64 = 14.0;

/// Share of true values that pass their check in a clean column.
pub(super) const PASSED_CLEAN: f64 = 0.97;
/// The same in a column with many typing errors.
pub(super) const PASSED_DIRTY: f64 = 0.7;
/// Share of true columns that have many.
pub(super) const DIRTY: f64 = 0.07;
/// Share of columns of something else that pass a check as a whole, by the chance of one cell: this times the chance to the
/// power [`SAME_CHECK_POWER`]. A range of years (0.7) is passed by one in three, a check digit (0.1) by one in 350.
pub(super) const SAME_CHECK: f64 = 0.9;
/// See [`SAME_CHECK`].
pub(super) const SAME_CHECK_POWER: f64 = 2.5;
/// Fewest columns of something else that pass a check systematically, however strict it is.
pub(super) const LEAST_SAME_CHECK: f64 = 1e-5;
/// A check that more values pass by accident than this is one of shape.
pub(super) const LOOSE_CHECK: f64 = 0.3;
/// A pattern's check counts for how rare the values are where more of the matches pass than this.
pub(super) const MOSTLY_PASSED: f64 = 0.5;

/// How sharply the coverage of a list is known: that of a Beta distribution with so many values seen before.
pub(super) const COVERAGE_KNOWN: f64 = 6.0;
/// Share of columns of something else whose words are in a list more often than its `chance` says,
pub(super) const UNLUCKY: f64 = 0.2;
/// so many times as often,
pub(super) const UNLUCKY_TIMES: f64 = 4.0;
/// and of at most that share of cells.
pub(super) const UNLUCKY_MOST: f64 = 0.5;
/// Share of columns of several words that are put together of a few words, some of which are in the list for no reason:
/// different cells are no independent trials there.
pub(super) const REPEATED: f64 = 0.25;
/// How quickly such columns become fewer with the share of their cells that is hit.
pub(super) const REPEATED_POWER: f64 = 4.0;
/// Share of columns of something else whose words are in a list at any rate: this part of its `chance`,
pub(super) const SAME_WORDS: f64 = 0.4;
/// but never fewer
pub(super) const LEAST_SAME_WORDS: f64 = 0.002;
/// nor more than these.
pub(super) const MOST_SAME_WORDS: f64 = 0.03;
/// What it weighs that the lists know none of the values that have the right shape: two columns in nine.
pub(super) const UNLISTED: f64 = -1.5;
/// What each share of cells weighs that another list explains and the own does not, times the coverage of the own,
pub(super) const RIVAL_LIST: f64 = -8.0;
/// beyond this share,
pub(super) const RIVAL_MARGIN: f64 = 0.02;
/// to this at most: one in twenty,
pub(super) const RIVAL_MOST: f64 = -3.0;
/// and this part of it where the column is called by its identifier and nothing else: then the list is short.
pub(super) const RIVAL_OF_CALLED: f64 = 0.5;

/// A phrase of the rule in the name, of which it is a small part: nine to one.
pub(super) const NAMED: f64 = 2.2;
/// What it weighs more where it is the whole name: together 150 to one.
pub(super) const NAMED_WHOLE: f64 = 2.8;
/// A name that suggests it, by a small part: two to one.
pub(super) const HINTED: f64 = 0.6;
/// What it weighs more where it is the whole name: together five to one.
pub(super) const HINTED_WHOLE: f64 = 1.0;
/// A phrase of the rule with words that make it a fact about that: `email_count`. One in five such columns hold it.
pub(super) const NAMES_FACT: f64 = -1.6;
/// The same of a phrase that suggests it: one in three.
pub(super) const HINTS_FACT: f64 = -1.2;
/// A phrase that is part of a longer one of another identifier says nothing, and a little less.
pub(super) const NAMED_WITHIN: f64 = -0.5;
/// A phrase that denies it: one in 150.
pub(super) const DENIED: f64 = -5.0;
/// A name of known words without a phrase of the rule, one of them of things: one in nine.
pub(super) const NAMED_THING: f64 = -2.2;
/// A name of known words without a phrase of the rule: one in five.
pub(super) const NAMED_OTHER: f64 = -1.6;
/// A name of which some words are not known: two in five.
pub(super) const NAMED_UNKNOWN: f64 = -0.9;
/// A boolean column of anything personal: one in 55.
pub(super) const BOOLEAN: f64 = -4.0;

/// A column tells of persons, or of a country, as far as it is likelier than this.
pub(super) const TELLS: f64 = 0.5;
/// A column that is likelier than this to be of one or two countries tells of them.
pub(super) const TELLS_REGION: f64 = 0.6;
/// What it weighs that other columns surely tell of persons, for an identifier of one person alone: two to one,
pub(super) const BESIDE_PERSONS_UNIQUE: f64 = 0.6;
/// and for others: three to one.
pub(super) const BESIDE_PERSONS: f64 = 1.2;
/// What it weighs that none tells of persons, for an identifier of one person alone: three in four,
pub(super) const BESIDE_NONE_UNIQUE: f64 = -0.3;
/// and for others: two in five.
pub(super) const BESIDE_NONE: f64 = -0.9;
/// What it weighs for what else is on a payment card that another column holds the numbers of cards.
pub(super) const BESIDE_CARD: f64 = 4.0;
/// What it weighs for a number of an authority that another column comes from the same country: nearly three to one.
pub(super) const SAME_REGION: f64 = 1.0;

/// What it weighs for a `name` that other columns surely hold what persons alone have, a birth date or a number of an
/// authority: seven to one,
pub(super) const BESIDE_OWN: f64 = 2.0;
/// and that one holds addresses of mail, which shops and suppliers have as well: nearly three to one.
pub(super) const BESIDE_MAIL: f64 = 1.0;
/// What it weighs for an account that the name suggests that another column holds the codes of banks: twelve to one.
pub(super) const BESIDE_BANK: f64 = 2.5;
/// What it weighs against given or family names that no name speaks of, that they are few: one in seven,
pub(super) const FEW_NAMES: f64 = -2.0;
/// that is, at most this share of the cells,
pub(super) const FEW_NAMES_SHARE: f64 = 0.06;
/// where so many cells or more were judged.
pub(super) const FEW_NAMES_CELLS: f64 = 40.0;
/// What it weighs against given names in a column that may be called so for whole names that nearly all cells are several
/// words: one in seven,
pub(super) const WHOLE_NAMES: f64 = -2.0;
/// where at most this share of the cells is in a list of given names.
pub(super) const WHOLE_NAMES_LISTED: f64 = 0.2;
/// Share of the cells of a column that must be written like names, for the table to tell whose they are.
pub(super) const WRITTEN_LIKE: f64 = 0.8;
/// Share of cells in which words of firms and things stand by accident.
pub(super) const OF_FIRMS: f64 = 0.03;
/// So much more of them, and the table says nothing of whose names they are.
pub(super) const OF_FIRMS_MOST: f64 = 0.1;
/// What it weighs for names that mailboxes of their rows are called like most of them: 90 to one,
pub(super) const HOLDER: f64 = 4.5;
/// over this share, which firms called like their owner have too.
pub(super) const HOLDERS_BY_CHANCE: f64 = 0.1;
/// What it weighs that all stand beside an office's mailbox, or their own domain: one in twenty; of a part, so much less.
pub(super) const HOLDER_OF_OFFICE: f64 = -3.0;

/// Personal data must be likelier than anything else.
pub(super) const PERSONAL: f64 = 0.5;
/// What is reported must be this likely itself: a code could be any of a dozen numbers, each of them hardly.
pub(super) const REPORTED: f64 = 0.25;
/// So few cells tell nothing by themselves.
pub(super) const FEW_CELLS: u64 = 3;

/// A finding in a part of a column that is less likely than this is not worth a person's time.
pub(super) const PART_REPORTED: f64 = 0.5;
/// What is less likely than this is not worth a line in an explanation either.
pub(super) const PART_TOLD: f64 = 0.01;
/// More cells than this are what the column is about, and are no strays where it has a label.
pub(super) const MOST_STRAY: f64 = 0.7;
/// Of a column of so many different values it is judged as a whole what they are.
pub(super) const ENOUGH_WHOLE: f64 = 12.0;
/// How rarely the texts of any column hold a given pattern: one in 245.
pub(super) const INSIDE: f64 = -5.5;
/// The same of single terms, which say so little that only repetition tells: one in seven.
pub(super) const TERMS_INSIDE: f64 = -2.0;
/// The same of words of lists: one in 55.
pub(super) const WORDS_INSIDE: f64 = -4.0;
/// How rarely a column holds a few cells of some identifier that it is not about, among all the patterns that are tried:
/// one in 1,100.
pub(super) const STRAY: f64 = -7.0;
/// The same of names among other things: columns of whoever or whatever did something are common, and few lists are tried.
pub(super) const MIXED: f64 = -5.0;
/// Part of a pattern's rarity that counts inside text, where it is tried at many places.
pub(super) const RARITY_INSIDE: f64 = 0.8;
/// The same of a few cells.
pub(super) const RARITY_STRAY: f64 = 0.9;
/// Most that checks weigh inside text: 55 to one.
pub(super) const CHECKS_INSIDE: f64 = 4.0;
/// Most that they weigh of a few cells: 400 to one.
pub(super) const CHECKS_STRAY: f64 = 6.0;
/// What it weighs that all matches stand beside words that name them: twenty to one; of a part, times its square root.
pub(super) const CONTEXT: f64 = 3.0;
/// What it weighs that all cells are of several words, and half of it against where none is: twenty to one.
pub(super) const TEXTS: f64 = 3.0;
/// What it weighs for words of lists that all cells are texts, not phrases: 400 to one; of a part, times its square root.
pub(super) const TEXTS_OF_WORDS: f64 = 6.0;
/// What it weighs against names of persons that the column is of things or places, which are called so too; twice that
/// where its cells say so.
pub(super) const NAMESAKES: f64 = -2.0;
/// What it weighs for names in text that as many cells hold contact data: twenty to one.
pub(super) const BESIDE_CONTACTS: f64 = 3.0;
/// What each natural logarithm of the cells with such a value weighs inside text: four hundred cells, twenty to one.
pub(super) const REPEATED_INSIDE: f64 = 0.5;
/// The same of the different values of a few cells: four hundred, eight to one.
pub(super) const REPEATED_STRAY: f64 = 0.35;
/// Most logarithms that count: those of 148 cells.
pub(super) const REPEATED_MOST: f64 = 5.0;
/// Most that a column's name says for what stands inside its cells: twenty to one.
pub(super) const NAMED_INSIDE: f64 = 3.0;
/// What it weighs against a few cells that they have the usual shape of a column most of which is something else: one in
/// 400.
pub(super) const USUAL: f64 = 6.0;

#[cfg(test)]
mod tests {
    /// The constants of this file as they are written: name and value.
    fn written() -> impl Iterator<Item = (&'static str, &'static str)> {
        let lines = include_str!("figures.rs").lines();
        lines.filter_map(|line| {
            let (name, rest) = line.strip_prefix("pub(super) const ")?.split_once(": ")?;
            let (_, value) = rest.split_once(" = ")?;
            Some((name, value.trim_end_matches(';')))
        })
    }

    #[test]
    fn the_decision_tells_what_every_number_rests_on() {
        let told = include_str!("../../../../docs/decisions/scoring.md");
        let table: Vec<&str> = told
            .lines()
            .filter(|line| line.starts_with("| `"))
            .collect();
        for (name, value) in written() {
            let row = format!("| `{name}` | {value} | ");
            let rows = table.iter().filter(|line| line.starts_with(&row));
            assert_eq!(rows.count(), 1, "scoring.md has no row {row}");
        }
        assert_eq!(table.len(), written().count(), "rows without a constant");
    }
}
