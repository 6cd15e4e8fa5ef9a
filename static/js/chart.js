// Draws figure[data-chart] from its JSON with uPlot, which is fetched when the first chart comes near the screen.
// The sentence above and the table below carry the same facts for who cannot see the drawing.

const DAY = 86400;
const charts = new Set();
let library = null;

// As the server writes days: 21 Nov 2026.
const parts = new Intl.DateTimeFormat("en-US", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
function told(at) {
  const found = parts.formatToParts(at);
  return ["day", "month", "year"].map((type) => found.find((part) => part.type === type).value).join(" ");
}

function uplot(address) {
  library ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = address;
    script.onload = () => resolve(window.uPlot);
    script.onerror = reject;
    document.head.append(script);
  });
  return library;
}

class Chart {
  constructor(figure, uPlot) {
    this.figure = figure;
    this.uPlot = uPlot;
    this.canvas = figure.querySelector(".chart__canvas");
    this.legend = figure.querySelector("[data-chart-legend]");
    this.source = JSON.parse(document.getElementById(figure.dataset.chart).textContent);
    const { currency, unit } = this.source;
    this.format = currency
      ? new Intl.NumberFormat(undefined, { style: "currency", currency })
      : new Intl.NumberFormat(undefined, { maximumFractionDigits: 2 });
    this.compact = currency
      ? new Intl.NumberFormat(undefined, { style: "currency", currency, maximumSignificantDigits: 4, notation: "compact" })
      : this.format;
    this.whole = currency
      ? new Intl.NumberFormat(undefined, { style: "currency", currency, maximumFractionDigits: 0 })
      : this.format;
    this.suffix = unit ? ` ${unit}` : "";
    this.days = this.source.days ?? null;
    // What lies beyond the last known day is the interval of the next weeks, which has no prices.
    this.last = this.source.known ?? this.source.x.length - 1;
    this.ranges();
    figure.dataset.chartReady = "";
    this.draw();
    this.watcher = new ResizeObserver(() => this.resize());
    this.watcher.observe(this.canvas);
  }

  ink(name) {
    return getComputedStyle(this.figure.querySelector(`.chart__ink-${name}`)).color;
  }

  table() {
    const { x, series, band } = this.source;
    const columns = [x, ...series.map((each) => each.values)];
    if (band) columns.push(band.low, band.high);
    return columns;
  }

  size() {
    return { width: Math.max(this.canvas.clientWidth, 200), height: Math.max(Math.min(this.canvas.clientWidth * 0.42, 320), 220) };
  }

  draw() {
    const { series, band } = this.source;
    const axis = { stroke: this.ink("axis"), grid: { stroke: this.ink("grid"), width: 1 }, ticks: { show: false }, font: `12px ${getComputedStyle(this.figure).fontFamily}`, gap: 8 };
    const dashes = [[], [6, 4], [2, 3]];
    const lines = series.map((each, index) => ({
      label: each.label,
      stroke: this.ink(String((index % 3) + 1)),
      width: index === 0 ? 2 : 1.5,
      dash: dashes[index % 3],
      spanGaps: true,
      // Single sales are dots: a line between two of them would tell of prices that nobody paid.
      ...(each.dots && { paths: () => null }),
      points: { show: each.dots || (this.source.x?.length ?? 0) < 3, size: each.dots ? 7 : 6, fill: each.dots && this.ink(String((index % 3) + 1)) },
    }));
    const edges = band ? [{ label: band.label, stroke: "transparent", points: { show: false }, spanGaps: true }, { stroke: "transparent", points: { show: false }, spanGaps: true }] : [];
    const low = series.length + 1;
    this.plot?.destroy();
    this.plot = new this.uPlot(
      {
        ...this.size(),
        padding: [8, 8, 0, 0],
        legend: { show: false },
        cursor: { y: false, points: { size: 8, width: 2 } },
        series: [{}, ...lines, ...edges],
        bands: band ? [{ series: [low + 1, low], fill: this.ink("band") }] : [],
        scales: { x: { time: true }, y: { range: (_, from, to) => this.span(from, to) } },
        axes: [
          { ...axis, grid: { show: false }, space: 72 },
          { ...axis, size: 62, values: (_, values) => this.marks(values) },
        ],
        tzDate: (seconds) => this.uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
        hooks: { setCursor: [(plot) => this.read(plot.cursor.idx)] },
      },
      this.table(),
      this.canvas,
    );
    this.range(this.days);
    this.read(null);
  }

  // The same number of decimals at every mark of the axis.
  marks(values) {
    const style = values.some((value) => Math.abs(value) >= 10_000) ? this.compact : values.every(Number.isInteger) ? this.whole : this.format;
    return values.map((value) => style.format(value) + this.suffix);
  }

  // A little air above and below; never below zero for what cannot be negative.
  span(from, to) {
    if (from == null || to == null) return [0, 1];
    const air = (to - from) * 0.12 || Math.abs(to) * 0.1 || 1;
    return [from >= 0 ? Math.max(0, from - air) : from - air, to + air];
  }

  read(index) {
    const { x, series, band } = this.source;
    const at = index ?? this.last;
    const parts = [];
    const date = document.createElement("strong");
    date.textContent = x.length ? told(new Date(x[at] * 1000)) : "";
    parts.push(date);
    series.forEach((each, place) => {
      const value = each.values[at];
      const key = document.createElement("span");
      key.className = `chart__key chart__key--${(place % 3) + 1}${each.dots ? " chart__key--dots" : ""}`;
      key.textContent = `${each.label} ${value == null ? "–" : this.format.format(value) + this.suffix}`;
      parts.push(key);
    });
    if (band) {
      const key = document.createElement("span");
      key.className = "chart__key chart__key--band";
      const [low, high] = [band.low[at], band.high[at]];
      key.textContent = low == null || high == null ? band.label : `${band.label} ${this.format.format(low)} to ${this.format.format(high)}`;
      parts.push(key);
    }
    this.legend.replaceChildren(...parts);
  }

  ranges() {
    const group = this.figure.querySelector("[data-chart-ranges]");
    if (!group || this.source.x.length < 2) return;
    const length = (this.source.x[this.last] - this.source.x[0]) / DAY;
    for (const button of group.querySelectorAll("button[data-days]")) {
      if (Number(button.dataset.days) > length * 1.3) button.hidden = true;
    }
    // The range that the sentence speaks of, where there is that much to show.
    const told = group.querySelector(`button[data-days="${this.days}"]`);
    if (!told || told.hidden) this.days = null;
    else for (const each of group.querySelectorAll("button")) each.setAttribute("aria-pressed", String(each === told));
    group.hidden = false;
    group.addEventListener("click", (event) => {
      const button = event.target.closest("button[data-days]");
      if (!button) return;
      for (const each of group.querySelectorAll("button")) each.setAttribute("aria-pressed", String(each === button));
      this.range(Number(button.dataset.days) || null);
    });
  }

  range(days) {
    this.days = days;
    const { x } = this.source;
    if (!x.length) return;
    const end = x.at(-1);
    const start = days ? Math.max(x[this.last] - days * DAY, x[0]) : x[0];
    this.plot.setScale("x", { min: start, max: end > start ? end : start + DAY });
  }

  resize() {
    if (this.canvas.clientWidth && Math.abs(this.canvas.clientWidth - this.plot.width) > 1) {
      this.plot.setSize(this.size());
    }
  }

  stop() {
    this.watcher.disconnect();
    this.plot.destroy();
    charts.delete(this);
  }
}

// Figures whose drawing has begun: one that is announced again while the library loads is not drawn twice.
const begun = new WeakSet();
const near = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      near.unobserve(target);
      if (begun.has(target)) continue;
      begun.add(target);
      uplot(target.dataset.chartScript).then((uPlot) => charts.add(new Chart(target, uPlot)));
    }
  },
  { rootMargin: "200px" },
);

function start(root) {
  for (const figure of root.querySelectorAll?.("figure[data-chart]:not([data-chart-ready])") ?? []) near.observe(figure);
}
start(document);
document.addEventListener("htmx:load", (event) => start(event.target.parentElement ?? document));
document.addEventListener("htmx:beforeCleanupElement", (event) => {
  for (const chart of [...charts]) if (event.target.contains(chart.figure)) chart.stop();
});
document.addEventListener("themechange", () => {
  for (const chart of charts) chart.draw();
});
