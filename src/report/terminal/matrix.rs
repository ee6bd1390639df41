use std::collections::BTreeMap;

use comfy_table::{Cell, Color, ColumnConstraint, ContentArrangement, LineStyle, Table, TableStyle, Width};

use super::page::Page;
use crate::report::digest::{columns, sign_and_word};
use crate::report::text::{counted, visible};
use crate::verdict::{CellStatus, Column};

type Rows = BTreeMap<String, BTreeMap<Column, CellStatus>>;

/// From so many rows on, those on which everything passed are only counted.
const MANY_ROWS: usize = 40;

/// Space between two columns.
const GAP: usize = 2;

/// A matrix with a row for each table (or operation) and the columns in which something was checked. Where they do not fit
/// beside each other they follow below each other, the rows named again.
pub(super) fn print(page: &mut Page, subject: &str, rows: &Rows, all: bool) {
    let folded = if all || rows.len() <= MANY_ROWS { 0 } else { rows.values().filter(|row| is_clean(row)).count() };
    let shown: Vec<(&String, &BTreeMap<Column, CellStatus>)> =
        rows.iter().filter(|(_, row)| folded == 0 || !is_clean(row)).collect();
    let columns = columns(rows.values());
    let longest = shown.iter().map(|(name, _)| textwrap::core::display_width(&visible(name))).max().unwrap_or_default();
    // Long names break over lines rather than push columns out, but take what the columns leave.
    let beside: usize = columns.iter().map(|column| column_width(*column, &shown) + GAP).sum();
    let room_for_name = page.width().saturating_sub(beside + GAP).max(page.width() / 3).max(24);
    let name_width = longest.max(subject.len()).min(room_for_name);
    let room = page.width().saturating_sub(name_width + GAP);
    for (index, band) in bands(&columns, &shown, room).iter().enumerate() {
        page.blank();
        let says =
            |row: &BTreeMap<Column, CellStatus>| index == 0 || band.iter().any(|column| row.contains_key(column));
        let rows: Vec<_> = shown.iter().copied().filter(|(_, row)| says(row)).collect();
        let table = table(page, subject, name_width, band, &rows);
        for line in table.lines() {
            page.line(&line);
        }
    }
    if folded > 0 {
        page.prose(
            0,
            &format!("Everything passed on {}; --verbose lists them.", counted(folded, &format!("more {subject}"))),
        );
    }
}

fn is_clean(row: &BTreeMap<Column, CellStatus>) -> bool {
    row.values().all(|status| matches!(status, CellStatus::Pass | CellStatus::NotApplicable))
}

/// The columns, in groups that fit into `room`.
fn bands(columns: &[Column], rows: &[(&String, &BTreeMap<Column, CellStatus>)], room: usize) -> Vec<Vec<Column>> {
    let mut bands: Vec<Vec<Column>> = Vec::new();
    let mut left = 0;
    for column in columns {
        let width = column_width(*column, rows) + GAP;
        match bands.last_mut() {
            Some(band) if width <= left => {
                band.push(*column);
                left -= width;
            }
            _ => {
                bands.push(vec![*column]);
                left = room.saturating_sub(width);
            }
        }
    }
    bands
}

fn column_width(column: Column, rows: &[(&String, &BTreeMap<Column, CellStatus>)]) -> usize {
    let cells = rows.iter().filter_map(|(_, row)| row.get(&column)).map(|status| sign_and_word(*status));
    cells.map(|text| text.chars().count()).chain([column.heading().len()]).max().unwrap_or_default()
}

fn table(
    page: &Page,
    subject: &str,
    name_width: usize,
    band: &[Column],
    rows: &[(&String, &BTreeMap<Column, CellStatus>)],
) -> Table {
    let mut table = Table::new();
    table.load_style(TableStyle::new().header_separator(LineStyle::none().fill('─')));
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(u16::try_from(page.width()).unwrap_or(u16::MAX));
    if page.colour() {
        table.enforce_styling();
    } else {
        table.force_no_tty();
    }
    let heading = capitalised(subject);
    table.set_header(std::iter::once(heading.as_str()).chain(band.iter().map(|column| column.heading())));
    for (name, row) in rows {
        let cells = band.iter().map(|column| row.get(column).map_or_else(|| Cell::new(""), |status| cell(*status)));
        table.add_row(std::iter::once(Cell::new(visible(name))).chain(cells));
    }
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 2));
        if index == 0 {
            let width = u16::try_from(name_width + GAP).unwrap_or(u16::MAX);
            column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(width)));
        } else {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    table
}

fn cell(status: CellStatus) -> Cell {
    let cell = Cell::new(sign_and_word(status));
    match status {
        CellStatus::Error | CellStatus::Fail => cell.fg(Color::Red),
        CellStatus::Unproven => cell.fg(Color::Magenta),
        CellStatus::Warn => cell.fg(Color::Yellow),
        CellStatus::Waived => cell.fg(Color::Cyan),
        CellStatus::Pass => cell.fg(Color::Green),
        CellStatus::NotApplicable => cell.fg(Color::DarkGrey),
    }
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
