//! Packs and calendars by name: those that are built in, and what a user lays beside them.

use std::collections::BTreeMap;

use crate::builtin::{CALENDARS, PACKS};
use crate::calendar::{Calendar, WorkingDays};
use crate::clock::Clock;
use crate::error::nearest;
use crate::pack::Pack;
use crate::{Error, Pin, Request};

/// Packs and calendars. All versions stay, so that an old request is computed as it was.
#[derive(Clone, Debug, Default)]
pub struct Library {
    packs: BTreeMap<String, BTreeMap<u32, Pack>>,
    calendars: BTreeMap<String, BTreeMap<u32, Calendar>>,
}

impl Library {
    /// What this program carries.
    ///
    /// # Errors
    /// None that tests let pass.
    pub fn builtin() -> Result<Self, Error> {
        let mut library = Self::default();
        for (name, text) in CALENDARS {
            library.add_calendar(&format!("calendars/{name}.toml"), text)?;
        }
        for (name, text) in PACKS {
            library.add_pack(&format!("packs/{name}.toml"), text)?;
        }
        Ok(library)
    }

    /// Adds a pack; `name` is how problems call its text.
    ///
    /// # Errors
    /// [`Error::Malformed`], or [`Error::Taken`] when this version is here with another text.
    pub fn add_pack(&mut self, name: &str, text: &str) -> Result<(), Error> {
        let pack = Pack::parse(name, text)?;
        let versions = self.packs.entry(pack.id.clone()).or_default();
        let here = versions.get(&pack.version);
        if here.is_some_and(|here| here.hash != pack.hash) {
            return Err(Error::Taken(named(&pack.id, pack.version)));
        }
        versions.insert(pack.version, pack);
        Ok(())
    }

    /// Adds a calendar; `name` is how problems call its text.
    ///
    /// # Errors
    /// [`Error::Malformed`], or [`Error::Taken`] when this version is here with another text.
    pub fn add_calendar(&mut self, name: &str, text: &str) -> Result<(), Error> {
        let calendar = Calendar::parse(name, text)?;
        let versions = self.calendars.entry(calendar.country.clone()).or_default();
        let here = versions.get(&calendar.version);
        if here.is_some_and(|here| here.hash != calendar.hash) {
            return Err(Error::Taken(named(&calendar.country, calendar.version)));
        }
        versions.insert(calendar.version, calendar);
        Ok(())
    }

    /// The newest version of every pack, by id.
    pub fn packs(&self) -> impl Iterator<Item = &Pack> {
        self.packs.values().filter_map(newest)
    }

    /// The newest calendar of a country.
    pub fn calendar(&self, country: &str) -> Option<&Calendar> {
        self.calendars.get(country).and_then(newest)
    }

    /// The newest pack of an id or alias, or of a region whose law one holds; with that region.
    ///
    /// # Errors
    /// [`Error::UnknownJurisdiction`].
    pub fn find(&self, jurisdiction: &str) -> Result<(&Pack, Option<String>), Error> {
        let wanted = jurisdiction.trim();
        let folded = wanted.to_lowercase();
        let is = |name: &String| name.to_lowercase() == folded;
        let by_name = self
            .packs()
            .find(|pack| is(&pack.id) || pack.aliases.iter().any(is));
        if let Some(pack) = by_name {
            return Ok((pack, None));
        }
        let with_region = |pack| self.region(pack, wanted).map(|region| (pack, Some(region)));
        if let Some(found) = self.packs().find_map(with_region) {
            return Ok(found);
        }
        let names = self
            .packs()
            .flat_map(|pack| std::iter::once(&pack.id).chain(&pack.aliases));
        Err(Error::UnknownJurisdiction {
            wrong: wanted.to_owned(),
            nearest: nearest(wanted, names.map(String::as_str)),
            known: self.packs.keys().cloned().collect(),
        })
    }

    /// The clock of a request.
    ///
    /// # Errors
    /// When the jurisdiction, region or zone is unknown, or what the request is pinned to is not here.
    pub fn clock(&self, request: Request) -> Result<Clock<'_>, Error> {
        let (found, region) = match &request.pin {
            Some(pin) => self
                .pinned(pin)
                .map(|pack| (pack, self.region(pack, &request.jurisdiction)))?,
            None => self.find(&request.jurisdiction)?,
        };
        let region = request
            .region
            .clone()
            .or(region)
            .or_else(|| found.region.clone());
        let days = match region.filter(|_| !found.countries.is_empty()) {
            Some(region) => Some(self.days(found, &region, request.pin.as_ref())?),
            None => None,
        };
        if days.is_none() && !found.countries.is_empty() {
            return Err(self.region_error(
                found,
                "whose holidays count must be said, and no region is named",
            ));
        }
        Clock::new(found, days, request)
    }

    fn pinned(&self, pin: &Pin) -> Result<&Pack, Error> {
        let name = named(&pin.pack, pin.version);
        let pack = self
            .packs
            .get(&pin.pack)
            .and_then(|versions| versions.get(&pin.version));
        let pack = pack.ok_or_else(|| Error::Pin(format!("{name} is not here")))?;
        if pack.hash != pin.hash {
            return Err(Error::Pin(format!("{name} is here with another text")));
        }
        Ok(pack)
    }

    fn days(&self, pack: &Pack, region: &str, pin: Option<&Pin>) -> Result<WorkingDays<'_>, Error> {
        let country = region.split('-').next().unwrap_or(region).to_uppercase();
        let country = Some(country).filter(|country| pack.countries.contains(country));
        let calendar = country.and_then(|country| {
            let pinned = pin
                .and_then(|pin| pin.calendar.as_ref())
                .filter(|pin| pin.country == country);
            let versions = self.calendars.get(&country)?;
            pinned.map_or_else(|| newest(versions), |pin| versions.get(&pin.version))
        });
        let unknown = || self.region_error(pack, &format!("there is no region `{region}`"));
        let calendar = calendar.ok_or_else(unknown)?;
        if let Some(pinned) = pin.and_then(|pin| pin.calendar.as_ref())
            && *pinned != calendar.pin()
        {
            let name = named(&pinned.country, pinned.version);
            return Err(Error::Pin(format!(
                "the calendar {name} is not here, or with another text"
            )));
        }
        calendar.of(region).ok_or_else(unknown)
    }

    /// The region of a pack by its code, in any case of letters.
    fn region(&self, pack: &Pack, code: &str) -> Option<String> {
        let mut regions = self.regions(pack).into_iter();
        regions.find(|region| region.eq_ignore_ascii_case(code.trim()))
    }

    fn regions(&self, pack: &Pack) -> Vec<String> {
        let calendars = pack
            .countries
            .iter()
            .filter_map(|country| self.calendar(country));
        calendars.flat_map(Calendar::names).collect()
    }

    fn region_error(&self, pack: &Pack, problem: &str) -> Error {
        Error::Region {
            pack: pack.id.clone(),
            problem: problem.to_owned(),
            known: self.regions(pack),
        }
    }
}

fn newest<T>(versions: &BTreeMap<u32, T>) -> Option<&T> {
    versions.last_key_value().map(|(_, newest)| newest)
}

fn named(id: &str, version: u32) -> String {
    format!("`{id}` version {version}")
}
