// Writes intl.csv, the figures that tests/it/intl.rs compares: what ECMAScript's Intl says, in our typography.
//   node intl.mjs > intl.csv        (made with Node 20.20.2, ICU 78.2)
// Our typography differs from Intl in four ways, applied here and nowhere else: U+2212 for minus, U+00A0 after R$ in
// English too, no point after a short month or weekday, and "Sep" for September's "Sept".
const langs = ["pt-BR", "en"];
const lines = ["kind,lang,input,expected"];
const put = (kind, lang, input, text) => {
  const ours = text.replace(/-/g, "\u2212").replace(/R\$\u00a0?/, "R$\u00a0");
  lines.push([kind, lang, input, `"${ours}"`].join(","));
};
const number = (lang, options, input) => new Intl.NumberFormat(lang, { signDisplay: "negative", ...options }).format(input);

const I64 = ["9223372036854775807", "-9223372036854775808", "0", "1", "-1", "999", "1000", "-1000", "1234567", "10000000"];
const I128 = ["170141183460469231731687303715884105727", "-170141183460469231731687303715884105728"];
const EXACT = [
  "0.00", "0.005", "0.0049", "0.015", "0.025", "0.125", "0.375", "2.5", "3.5", "-2.5", "-0.5", "0.5", "1.005", "-1.005", "-0.004", "-0.005",
  "1284729.57", "-1284729.57", "0.99", "0.995", "99.995", "999.995", "999999.995", "1000000.004", "12345678901234567890.12345",
  "1701411834604692317316873037158841057.27", "-1701411834604692317316873037158841057.28", "0.00000000000000000001",
];
const FLOAT = [0, -0, 0.1, 0.2 + 0.1, 1.005, 2.675, 1.45, 8.345, -8.345, 1e21, 1e22, 123456789.125, 5e-324, 1e-7, -1e-7, 0.05, 0.95, 9.95, 99.95,
  1.7976931348623157e308, 4503599627370497.5, 9007199254740993, 0.8744, 0.8745, 0.24649999999999997, 0.2465, -0.0004, -0.0005];
const COMPACT = [10000, 10049, 10050, 12345, 99949, 99950, 842000, 999499, 999500, 999950, 1000000, 1284729.57, -1284729.57, 9995000, 999500000, 1e9,
  1.5e11, 9.995e11, 1e12, 1.2345e14, 9.994e14];

for (const lang of langs) {
  for (const input of [...I64, ...I128]) put("integer", lang, input, number(lang, {}, input));
  for (const input of [...I64, ...I128, ...EXACT]) {
    put("decimal2", lang, input, number(lang, { minimumFractionDigits: 2, maximumFractionDigits: 2 }, input));
    put("upto3", lang, input, number(lang, { maximumFractionDigits: 3 }, input));
    put("money", lang, input, number(lang, { style: "currency", currency: "BRL" }, input));
    put("signed1", lang, input, number(lang, { minimumFractionDigits: 1, maximumFractionDigits: 1, signDisplay: "exceptZero" }, input));
  }
  for (const input of FLOAT) {
    put("float2", lang, String(input), number(lang, { minimumFractionDigits: 2, maximumFractionDigits: 2 }, input));
    put("floatmoney", lang, String(input), number(lang, { style: "currency", currency: "BRL" }, input));
    if (Math.abs(input) < 1e300) {
      put("percent1", lang, String(input), number(lang, { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 }, input));
    }
  }
  const three = { notation: "compact", minimumSignificantDigits: 3, maximumSignificantDigits: 3 };
  for (const input of COMPACT) {
    put("compact", lang, String(input), number(lang, three, input));
    put("compactmoney", lang, String(input), number(lang, { ...three, style: "currency", currency: "BRL" }, input));
  }
  const plural = new Intl.PluralRules(lang);
  for (const input of [0, 1, 1.1, 1.5, 1.9, 2, 0.5, 2.5, 10, 11, 21, 101]) put("plural", lang, String(input), plural.select(input));
  const shown = new Intl.PluralRules(lang, { minimumFractionDigits: 1 });
  for (const input of [0, 1, 1.9, 2]) put("plural1", lang, String(input), shown.select(input));
  if (lang === "en") {
    const ordinal = new Intl.PluralRules(lang, { type: "ordinal" });
    const marks = { one: "st", two: "nd", few: "rd", other: "th" };
    for (const input of [1, 2, 3, 4, 11, 12, 13, 21, 22, 23, 101, 111, 112, 1013]) put("ordinal", lang, input, number(lang, {}, input) + marks[ordinal.select(input)]);
  }
  for (let month = 0; month < 12; month++) {
    const at = new Date(Date.UTC(2026, month, 5));
    const name = (width) => new Intl.DateTimeFormat(lang, { month: width, timeZone: "UTC" }).format(at).replace(".", "").replace("Sept", "Sep");
    lines.push(`monthshort,${lang},${month + 1},"${name("short").replace("Sepember", "September")}"`);
    lines.push(`monthlong,${lang},${month + 1},"${new Intl.DateTimeFormat(lang, { month: "long", timeZone: "UTC" }).format(at)}"`);
    lines.push(`monthyear,${lang},2026-${String(month + 1).padStart(2, "0")}-05,"${new Intl.DateTimeFormat(lang, { month: "long", year: "numeric", timeZone: "UTC" }).format(at)}"`);
  }
  for (let day = 2; day <= 8; day++) {
    const at = new Date(Date.UTC(2026, 10, day));
    for (const width of ["short", "long"]) {
      lines.push(`weekday${width},${lang},2026-11-0${day},"${new Intl.DateTimeFormat(lang, { weekday: width, timeZone: "UTC" }).format(at).replace(".", "")}"`);
    }
  }
  if (lang === "pt-BR") {
    for (const date of ["2026-11-23", "2024-02-29", "2000-01-01", "1999-12-31"]) {
      const at = new Date(date + "T00:00:00Z");
      lines.push(`day,${lang},${date},"${new Intl.DateTimeFormat(lang, { day: "2-digit", month: "2-digit", year: "numeric", timeZone: "UTC" }).format(at)}"`);
    }
  }
  for (const items of [["a"], ["a", "b"], ["a", "b", "c"], ["a", "b", "c", "d"]]) {
    lines.push(`and,${lang},${items.join("|")},"${new Intl.ListFormat(lang, { type: "conjunction" }).format(items)}"`);
    lines.push(`or,${lang},${items.join("|")},"${new Intl.ListFormat(lang, { type: "disjunction" }).format(items)}"`);
  }
}
console.log(lines.join("\n"));
