//! Which policy packs are known.

use serde_json::{Value, json};

use crate::desk::Desk;

impl Desk<'_> {
    /// What requests are received under: one version of every pack, as it is listed.
    pub fn packs(&self) -> Vec<Value> {
        let packs = self.in_use.packs().map(|pack| {
            json!({
                "jurisdiction": pack.id,
                "name": pack.title,
                "packId": pack.id,
                "version": pack.version.to_string(),
                "publishedAt": format!("{}T00:00:00Z", pack.checked),
                "checkedAt": pack.checked.to_string(),
                "law": pack.law,
                "url": pack.url,
                "aliases": pack.aliases,
                "regions": pack.countries,
                "hash": pack.hash,
                "notes": pack.notes,
            })
        });
        packs.collect()
    }
}
