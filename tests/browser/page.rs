//! A page as its readers see it.

use std::path::Path;

use serde::Deserialize;
use serde_json::json;

use crate::driver::Browser;

/// A screen and a colour scheme.
#[derive(Debug)]
pub struct View {
    pub name: &'static str,
    scheme: &'static str,
    size: (u32, u32),
    mobile: bool,
}

pub fn views() -> [View; 4] {
    let desk = |name, scheme| View { name, scheme, size: (1280, 900), mobile: false };
    let phone = |name, scheme| View { name, scheme, size: (360, 740), mobile: true };
    [desk("light", "light"), desk("dark", "dark"), phone("phone-light", "light"), phone("phone-dark", "dark")]
}

/// Opens the page; what is wrong with it, `checks.js` says how.
pub fn faults(browser: &Browser, page: &Path, view: &View) -> Vec<String> {
    browser.screen(view.scheme, view.size, view.mobile);
    let mut all = browser.open(page);
    let found = browser.script(include_str!("checks.js"), &[json!(view.size.0)]);
    all.extend(serde_json::from_value::<Vec<String>>(found).expect("a list of faults"));
    all
}

/// As text.
#[derive(Debug, Deserialize)]
pub struct Table {
    caption: String,
    section: String,
    /// The header first.
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// A row's cell in the column of that name.
    pub fn cell<'a>(&self, row: &'a [String], column: &str) -> &'a str {
        let at = self.rows[0].iter().position(|name| name == column);
        &row[at.unwrap_or_else(|| panic!("{column}: {self:?}"))]
    }
}

/// All tables of the page that is open.
pub fn tables(browser: &Browser) -> Vec<Table> {
    serde_json::from_value(browser.script(include_str!("tables.js"), &[])).expect("tables")
}

/// The one whose caption and section begin so.
pub fn one<'a>(tables: &'a [Table], caption: &str, section: &str) -> &'a Table {
    let fits = |table: &&Table| table.caption.starts_with(caption) && table.section.starts_with(section);
    let found: Vec<&Table> = tables.iter().filter(fits).collect();
    assert_eq!(
        found.len(),
        1,
        "{caption}, {section}: {:?}",
        tables.iter().map(|t| &t.caption).collect::<Vec<_>>()
    );
    found[0]
}
