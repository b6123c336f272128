// All tables of the page as text: caption, then rows of cells, the header's first.
const text = (cell) => cell.textContent.trim().replace(/\s+/g, " ");
return [...document.querySelectorAll("table")].map((table) => ({
  caption: text(table.caption),
  section: table.closest("section").querySelector("h2").textContent,
  rows: [...table.rows].map((row) => [...row.cells].map(text)),
}));
