'use strict';
// Sorts and searches the table of commands, shows the charts of one command and the numbers of a column, and sets the
// colours. Without this script, the page shows all commands and all charts.
(() => {
  const all = (selector, from = document) => Array.from(from.querySelectorAll(selector));
  const byID = (id) => document.getElementById(id);
  for (const tools of all('.tools')) tools.hidden = false;

  // The theme is stored until the tab is closed, so that a page that reloads itself keeps the theme. A browser may
  // refuse to store the theme.
  const store = (value) => {
    try {
      if (value === undefined) return sessionStorage.getItem('theme') || '';
      sessionStorage.setItem('theme', value);
    } catch { /* not stored */ }
    return '';
  };
  const theme = byID('theme');
  const apply = () => { document.documentElement.className = theme.value; };
  theme.value = ['light', 'dark'].includes(store()) ? store() : '';
  apply();
  theme.addEventListener('change', () => { apply(); store(theme.value); });

  const table = byID('table');
  if (table) {
    const body = table.tBodies[0];
    const heads = Array.from(table.tHead.rows[0].cells);
    const sort = (head, column) => {
      const isNumber = head.dataset.sort === 'number';
      const current = head.getAttribute('aria-sort');
      const isDescending = current ? current === 'ascending' : isNumber;
      const key = (row) => {
        const cell = row.cells[column];
        if (!isNumber) return cell.textContent;
        return cell.dataset.v === undefined ? null : Number(cell.dataset.v);
      };
      const rows = Array.from(body.rows).map((row) => [key(row), row]);
      rows.sort(([a], [b]) => {
        // Unknown values are last in either order.
        if (a === null || b === null) return (a === null) - (b === null);
        const order = isNumber ? a - b : a.localeCompare(b);
        return isDescending ? -order : order;
      });
      body.append(...rows.map(([, row]) => row));
      for (const other of heads) other.removeAttribute('aria-sort');
      head.setAttribute('aria-sort', isDescending ? 'descending' : 'ascending');
    };
    heads.forEach((head, column) => {
      if (!head.dataset.sort) return;
      // A span is used, because browsers do not print button elements in the repeated heads of a long table.
      const button = document.createElement('span');
      button.setAttribute('role', 'button');
      button.setAttribute('tabindex', '0');
      button.textContent = head.textContent;
      head.replaceChildren(button);
      button.addEventListener('click', () => sort(head, column));
      button.addEventListener('keydown', (event) => {
        if (event.key !== 'Enter' && event.key !== ' ') return;
        event.preventDefault();
        sort(head, column);
      });
    });
    const search = byID('search');
    const find = () => {
      const text = search.value.trim().toLowerCase();
      let found = 0;
      for (const row of body.rows) {
        row.hidden = !row.cells[0].textContent.toLowerCase().includes(text);
        if (!row.hidden) found += 1;
      }
      byID('found').textContent = text ? `${found} of ${body.rows.length} commands` : '';
    };
    search.addEventListener('input', find);
    find();
  }

  const choice = byID('choose');
  if (choice) {
    const sections = all('section.command');
    const show = (id) => {
      for (const section of sections) section.hidden = section.id !== id;
      choice.value = id;
    };
    const follow = () => {
      const id = location.hash.slice(1);
      if (!sections.some((section) => section.id === id)) return;
      show(id);
      byID(id).scrollIntoView();
    };
    show(sections[0].id);
    choice.addEventListener('change', () => show(choice.value));
    addEventListener('hashchange', follow);
    follow();
  }

  // Shows the numbers of a column of a chart, selected by the pointer or by the arrow keys. The numbers are a row of
  // the table below the chart.
  for (const figure of all('figure')) {
    const picture = figure.querySelector('svg[data-x]');
    if (!picture) continue;
    const rows = figure.querySelector('tbody').rows;
    const titles = Array.from(figure.querySelector('thead tr').cells, (cell) => cell.textContent);
    const [left, step] = [Number(picture.dataset.x), Number(picture.dataset.step)];
    const readout = document.createElement('p');
    readout.className = 'readout';
    readout.setAttribute('role', 'status');
    picture.after(readout);
    const line = document.createElementNS(picture.namespaceURI, 'line');
    line.setAttribute('class', 'cursor');
    let column = -1;
    const show = (next) => {
      column = Math.max(0, Math.min(rows.length - 1, next));
      const cells = Array.from(rows[column].cells, (cell) => cell.textContent);
      const parts = cells.map((text, index) => (index > 0 && text ? `${titles[index]} ${text}` : '')).filter(Boolean);
      readout.textContent = `${cells[0]}: ${parts.join(', ') || 'nothing'}`;
      const x = String(left + (column + 0.5) * step);
      line.setAttribute('x1', x);
      line.setAttribute('x2', x);
      line.setAttribute('y1', '0');
      line.setAttribute('y2', String(picture.viewBox.baseVal.height));
      picture.append(line);
    };
    const clear = () => {
      readout.textContent = '';
      line.remove();
    };
    picture.setAttribute('tabindex', '0');
    picture.addEventListener('pointermove', (event) => {
      const box = picture.getBoundingClientRect();
      const x = (event.clientX - box.left) * (picture.viewBox.baseVal.width / box.width);
      const next = Math.floor((x - left) / step);
      if (next >= 0 && next < rows.length) show(next); else clear();
    });
    picture.addEventListener('pointerleave', clear);
    picture.addEventListener('blur', clear);
    picture.addEventListener('keydown', (event) => {
      const moves = { ArrowRight: column + 1, ArrowLeft: column - 1, Home: 0, End: rows.length - 1 };
      if (!(event.key in moves)) return;
      event.preventDefault();
      show(moves[event.key]);
    });
  }
})();
