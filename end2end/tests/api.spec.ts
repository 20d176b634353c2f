// The API does what it says: every path, question and refusal is held against `openapi.json` as the server serves it.
import { expect, request as requests, test as base, type APIRequestContext } from "@playwright/test";
import addFormats from "ajv-formats";
import { Ajv2020 } from "ajv/dist/2020.js";
import { KPIS, THIS_MONTH, column, only, type Cell, type Frame, type Question } from "./figures";
import { url } from "./page";

type Described = { $ref?: string; content?: Record<string, { examples?: Record<string, { value: Question }> }> };
type Operation = { parameters?: { example?: string }[]; requestBody?: Described; responses: Record<string, Described> };
type Description = { paths: Record<string, Record<string, Operation>>; components: Record<string, Record<string, Described>> };
type Call = { at?: string; search?: string; data?: unknown; headers?: Record<string, string>; by?: APIRequestContext };
type Answer = Frame & { columns: { type: keyof typeof FITS; unit: string }[]; definition: object; period: object; truncated: boolean };
type Catalogue = { metrics: { name: string; dimensions: string[]; hash: string; unit: string }[] };

const QUERY = "POST /api/v1/query";
const GOOD = { metrics: ["mrr"], period: THIS_MONTH };
const KINDS: Record<number, string> = { 401: "not_signed_in", 404: "not_found", 422: "bad_request" };
/** The JSON of a cell that is not null, by its column's type; a decimal that no float holds is its digits. */
const [float, decimal, date] = [/^-?\d[\d.e+-]*$/, /^(-?\d[\d.e+-]*|"-?[\d.]{16,}")$/, /^"\d{4}-\d\d-\d\d"$/];
const FITS = { int: /^-?\d+$/, decimal, float, date, text: /^"/, bool: /^(true|false)$/ };

class Api {
  private readonly schemas = addFormats(new Ajv2020({ strict: true, allowUnionTypes: true, allErrors: true }));

  constructor(private readonly signedIn: APIRequestContext, readonly description: Description) {
    this.schemas.addVocabulary(Object.keys(description)).addSchema(description, "api");
  }

  /** Every operation, as in `GET /api/v1/metrics`, with its example for the path and those for the body. */
  get operations() {
    const of = (path: string) =>
      Object.entries(this.description.paths[path]).map(([method, { parameters, requestBody }]) => {
        const questions = Object.values(requestBody?.content?.["application/json"].examples ?? {}).map(({ value }) => value);
        return { operation: `${method.toUpperCase()} ${path}`, at: parameters?.[0].example, questions };
      });
    return Object.keys(this.description.paths).flatMap(of);
  }

  /** What the schema at `place` of the description holds against `data`; empty when nothing. */
  mistakes(place: string[], data: unknown): string {
    const escaped = place.map((part) => encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1")));
    return this.schemas.validate(`api#/${escaped.join("/")}`, data) ? "" : this.schemas.errorsText();
  }

  /** Sends one request. The answer must have one of `statuses`, and be as described for that: its type and its whole body. */
  async call<T = any>(operation: string, { at = "", search = "", by, ...sent }: Call = {}, statuses = [200]): Promise<T> {
    const [method, path] = operation.split(" ");
    const response = await (by ?? this.signedIn).fetch(url(path.replace(/\{\w+\}/, at) + search), { method, ...sent });
    const [status, text] = [response.status(), await response.text()];
    const told = `${operation} ${at}${search} ${JSON.stringify(sent)}: ${status} ${text.slice(0, 500)}`;
    expect(statuses, told).toContain(status);
    const own = this.description.paths[path][method.toLowerCase()].responses[status];
    expect(own, `the description has no such answer: ${told}`).toBeDefined();
    const shared = own.$ref?.slice("#/".length).split("/");
    const { content } = shared ? this.description.components.responses[shared[2]] : own;
    const type = (response.headers()["content-type"] ?? "").split(";")[0];
    expect(Object.keys(content ?? { "": "no body" }), told).toContain(type);
    const body = type === "application/json" ? JSON.parse(text) : text;
    const place = shared ?? ["paths", path, method.toLowerCase(), "responses", String(status)];
    expect(content ? this.mistakes([...place, "content", type, "schema"], body) : body, told).toBe("");
    if (status in KINDS) expect(body.error.kind, told).toBe(KINDS[status]);
    return body;
  }

  /** The answer to a question: every row has a cell for each column, and each cell is what its column says. */
  async ask(question: Question): Promise<Answer> {
    const frame = await this.call<Answer>(QUERY, { data: question });
    const fits = (cell: Cell, index: number) => cell === null || FITS[frame.columns[index]?.type]?.test(JSON.stringify(cell));
    const misfits = frame.rows.filter((row) => row.length !== frame.columns.length || !row.every(fits));
    expect(misfits, JSON.stringify([question, frame.columns])).toEqual([]);
    return frame;
  }
}

const test = base.extend<{ api: Api }>({
  api: async ({ request }, use) => use(new Api(request, await (await request.get(url("/api/v1/openapi.json"))).json())),
});

const columns = (frame: Answer) => frame.columns.map(({ name, role }) => `${name} ${role}`);

test("every path answers as it is described, for its examples and for all that the API lists", async ({ api }) => {
  const boards = (await api.call<{ id: string }[]>("GET /api/v1/boards")).map(({ id }) => id);
  const metrics = (await api.call<Catalogue>("GET /api/v1/metrics")).metrics.map(({ name }) => name);
  const sources = (await api.call<{ name: string }[]>("GET /api/v1/sources")).map(({ name }) => name);
  const one = "/api/v1/sources/{name}";
  const listed: Record<string, string[]> = {
    "GET /api/v1/boards/{id}": boards, "GET /api/v1/metrics/{name}/origin": metrics, [`GET ${one}`]: sources, [`GET ${one}/syncs`]: sources,
    [`POST ${one}/syncs`]: ["planilhas"], [`POST ${one}/cancel`]: ["whatsapp"],
  };
  for (const { operation, at, questions } of api.operations) {
    expect(questions.length > 0, operation).toBe(operation === QUERY);
    for (const question of questions) expect((await api.ask(question)).rows.length).toBeGreaterThan(0);
    if (at) expect(listed[operation], operation).toContain(at);
    if (operation !== QUERY) for (const at of listed[operation] ?? [""]) await api.call(operation, { at });
  }
  const paths = ["boards", "boards/{id}", "editions", "metrics", "metrics/{name}/origin", "openapi.json", "query", "runs",
    "sources", "sources/{name}", "sources/{name}/cancel", "sources/{name}/syncs", "status"];
  expect(Object.keys(api.description.paths).toSorted()).toEqual(paths.map((path) => `/api/v1/${path}`));
});

test("the schemas are sound, used, and closed around the answers", async ({ api }) => {
  for (const name of Object.keys(api.description.components.schemas)) {
    expect(api.mistakes(["components", "schemas", name], undefined), name).not.toBe("");
    expect(JSON.stringify(api.description), `${name} is used`).toContain(`"#/components/schemas/${name}"`);
  }
  const within = (value: any): any[] => (typeof value === "object" && value ? [value, ...Object.values(value).flatMap(within)] : []);
  for (const { operation, at } of api.operations.filter(({ operation }) => !operation.endsWith("openapi.json"))) {
    const body = await api.call(operation, { at, data: operation === QUERY ? GOOD : undefined });
    const [method, path] = operation.split(" ");
    const place = ["paths", path, method.toLowerCase(), "responses", "200", "content", "application/json", "schema"];
    const loose = new Set<string>();
    for (const object of within(body).filter((value) => !Array.isArray(value))) {
      object.surplus = 1;
      if (api.mistakes(place, body) === "") loose.add(`surplus beside ${Object.keys(object)}`);
      delete object.surplus;
      // A label may lack its English, and the metrics that a frame's definitions are by are data.
      for (const [key, value] of Object.entries(object).filter(([key]) => key !== "en" && key !== "mrr")) {
        delete object[key];
        if (api.mistakes(place, body) === "") loose.add(`no ${key}`);
        object[key] = value;
      }
    }
    expect([...loose], operation).toEqual([]);
  }
});

test("lists are as long as asked for, and answers agree on the edition", async ({ api }) => {
  for (const [list, limit, most] of [["editions", 0, 1], ["editions", 5000, 1000], ["runs", 1, 1], ["runs", 4_000_000_000, 1000]]) {
    const { length } = await api.call<unknown[]>(`GET /api/v1/${list}`, { search: `?limit=${limit}` });
    expect(length > 0 && length <= Number(most), `${list} of ${limit}: ${length}`).toBe(true);
  }
  const [newest] = await api.call<{ number: number }[]>("GET /api/v1/editions");
  const { edition } = await api.call("GET /api/v1/status");
  const [origin, frame] = [await api.call("GET /api/v1/metrics/{name}/origin", { at: "mrr" }), await api.ask(GOOD)];
  expect([edition, origin.edition, frame.edition]).toEqual([newest, newest.number, newest.number]);
  expect([frame.as_of, frame.definition]).toEqual([edition.as_of, { mrr: origin.hash }]);
});

test("a sync can be started by a program, and no answer tells a secret", async ({ api }) => {
  const at = "planilhas";
  await api.call("POST /api/v1/sources/{name}/syncs", { at });
  await expect
    .poll(async () => (await api.call("GET /api/v1/sources/{name}/syncs", { at, search: "?limit=1" }))[0].trigger)
    .toBe("person");
  const told = await api.call("GET /api/v1/sources/{name}", { at: "ploomes" });
  const secrets = told.settings.filter(({ is_secret }: { is_secret: boolean }) => is_secret);
  expect(secrets).toEqual([{ name: "user_key", value: null, is_secret: true }]);
  expect(told.streams.find(({ name }: { name: string }) => name === "deals").used_by.length).toBeGreaterThan(0);
  await api.call("GET /api/v1/sources/{name}", { at: "sonhos" }, [404]);
  await api.call("POST /api/v1/sources/{name}/cancel", { at: "sonhos" }, [404]);
});

test("each metric answers in total and by a dimension", async ({ api }) => {
  test.slow();
  const { metrics } = await api.call<Catalogue>("GET /api/v1/metrics");
  expect(metrics.length).toBeGreaterThan(KPIS.length);
  for (const { name, dimensions: [first], hash, unit } of metrics) {
    const total = await api.ask({ metrics: [name], period: THIS_MONTH });
    expect([columns(total), total.rows.length]).toEqual([[`${name} value`], 1]);
    expect([total.columns[0].unit, total.definition], name).toEqual([unit, { [name]: hash }]);
    const split = await api.ask({ metrics: [name], by: first ? [first] : [], period: { this: "year" } });
    expect(columns(split)).toEqual([...(first ? [`${first} dimension`] : []), `${name} value`]);
  }
});

test("at each grain, a bucket stands beside the one that it is compared with", async ({ api }) => {
  const [metrics, roles] = [["leads", "gross_margin_pct"], ["value", "comparison", "delta"]];
  for (const grain of ["day", "week", "month", "quarter", "year"]) {
    for (const compare of ["previous_period", "same_period_last_year"] as const) {
      const frame = await api.ask({ metrics, grain, compare, period: { last: 3, unit: grain } });
      const values = metrics.flatMap((metric) => roles.map((role) => `${metric} ${role}`));
      expect(columns(frame)).toEqual(["metric_time dimension", "metric_time comparison", ...values]);
      expect([frame.rows.length, frame.comparison], `${grain} ${compare}`).toEqual([3, expect.any(Object)]);
      const before = column(frame, "leads", "comparison");
      const change = column(frame, "leads").map((value, row) => (value === null || before[row] === null ? null : value - before[row]));
      expect(column(frame, "leads", "delta")).toEqual(change);
    }
  }
});

test("every shape of period is the days that it says", async ({ api }) => {
  const { as_of: to } = await api.ask(GOOD);
  const days = async (period: Question["period"]) => (await api.ask({ ...GOOD, period })).period;
  expect(await days({ from: "2026-02-01", to: "2026-02-28" })).toEqual({ from: "2026-02-01", to: "2026-02-28" });
  expect(await days({ last: 1, unit: "day" })).toEqual({ from: to, to });
  expect(await days({ last: 2, unit: "year" })).toEqual({ from: `${Number(to.slice(0, 4)) - 1}-01-01`, to });
  expect(await days({ this: "month" })).toEqual({ from: `${to.slice(0, 7)}-01`, to });
});

test("filters, order and limit choose among the same rows", async ({ api }) => {
  const question: Question = { metrics: ["leads"], by: ["canal"], period: { this: "year" }, order: [{ by: "leads", dir: "desc" }] };
  const all = await api.ask(question);
  expect([all.truncated, all.rows.length > 2]).toEqual([false, true]);
  expect(column(all, "leads")).toEqual(column(all, "leads").toSorted((a, b) => (b ?? 0) - (a ?? 0)));
  const two = await api.ask({ ...question, limit: 2 });
  expect([two.rows, two.truncated]).toEqual([all.rows.slice(0, 2), true]);
  const where = only("canal", ...two.rows.map(([member]) => String(member ?? "")));
  expect((await api.ask({ ...question, where: [where] })).rows).toEqual(two.rows);
  expect((await api.ask({ ...question, where: [{ ...where, op: "not_in" }] })).rows).toEqual(all.rows.slice(2));
});

test("the request's schema and the server agree on what a question is, and a refusal names the culprit", async ({ api }) => {
  const [period, where] = [(period: object) => ({ period }), (filter: object) => ({ where: [filter] })];
  const unreadable: [object, string][] = [
    [{ limt: 3 }, "unknown field `limt`"], [{ period: undefined }, "`period`"], [{ metrics: [] }, "`metrics`"], [{ metrics: "mrr" }, "mrr"],
    [{ limit: 0 }, "limit of 0"], [{ limit: -1 }, "`-1`"], [{ limit: 100_001 }, "100001"], [{ compare: "last_year" }, "`last_year`"],
    [{ grain: "era" }, "`era`"], [{ match_weekday: "yes" }, "match_weekday"], [{ order: [{ by: "mrr" }] }, "`dir`"],
    [where(only("uf")), "`uf`"], [where({ ...only("uf", "PR"), op: "like" }), "`like`"], [period({ last: 0, unit: "day" }), "0 days"],
    [where({ ...only("uf", "PR"), value: 1 }), "`value`"], [period({ from: "2026-06-01" }), "a period is one of"],
    [period({ this: "month", last: 2 }), "a period is one of"], [period({ from: "2026-02-30", to: "2026-06-30" }), "`2026-02-30`"],
  ];
  const unanswerable: [object, string][] = [
    [{ metrics: ["no_such_metric"] }, "`no_such_metric`"], [{ metrics: ["mrrr"] }, "did you mean `mrr`"], [{ by: ["era"] }, "`era`"],
    [{ by: ["fila"] }, "metric `mrr` cannot be broken down or filtered by `fila`"], [{ order: [{ by: "leads", dir: "asc" }] }, "`leads`"],
    [{ order: [{ by: "mrr.delta", dir: "asc" }] }, "`mrr.delta`"], [where(only("age", "x")), "`age`"],
    [period({ from: "1899-12-31", to: "2026-06-30" }), "1899-12-31"], [period({ last: 101, unit: "year" }), "101 years"],
    [period({ from: "2026-06-30", to: "2026-06-01" }), "ends on 2026-06-01, before it starts on 2026-06-30"],
    [{ grain: "day", ...period({ from: "1950-01-01", to: "2150-01-01" }) }, "73050 days"],
  ];
  const answerable = [
    {}, { metrics: ["mrr", "mrr"] }, { grain: null, limit: null, edition: null }, { limit: 100_000 }, where(only("canal", "")),
    { compare: "previous_period", match_weekday: true, order: [{ by: "mrr.delta_percent", dir: "desc" }, { by: "mrr", dir: "asc" }] },
  ].map((change) => ({ ...GOOD, ...change }));
  const refused = (data: object) => api.mistakes(["components", "schemas", "MetricQuery"], data) !== "";
  for (const [changes, bySchema] of [[unreadable, true], [unanswerable, false]] as const) {
    for (const [change, culprit] of changes) {
      const data = { ...GOOD, ...change };
      expect((await api.call(QUERY, { data }, [422])).error.message).toContain(culprit);
      expect(refused(data), JSON.stringify(change)).toBe(bySchema);
    }
  }
  for (const data of answerable) {
    expect(refused(data), JSON.stringify(data)).toBe(false);
    await api.call(QUERY, { data });
  }
});

test("what does not exist or cannot be read is refused, and told", async ({ api, request }) => {
  const body = (text: string, type: string) => ({ data: Buffer.from(text), headers: { "content-type": type } });
  const refusals: [string, Call, number[], string][] = [
    [QUERY, body('{"metrics": [', "application/json"), [422], "line 1 column"],
    [QUERY, body(JSON.stringify(GOOD), "text/plain"), [422], "application/json"],
    [QUERY, { data: { ...GOOD, edition: 999_999 } }, [404], "edition 999999"],
    [QUERY, { data: GOOD, headers: { origin: "https://elsewhere.example" } }, [403], ""],
    ["GET /api/v1/metrics/{name}/origin", { at: "no_such_metric" }, [404], "`no_such_metric`"],
    ["GET /api/v1/boards/{id}", { at: "no_such_board" }, [404], "`no_such_board`"],
    ["GET /api/v1/boards/{id}", { at: "%FF" }, [400, 422], "`id`"],
    ["GET /api/v1/editions", { search: "?limit=many" }, [400, 422], "limit"],
    ["GET /api/v1/runs", { search: "?limit=-1" }, [400, 422], "limit"],
  ];
  for (const [operation, call, statuses, culprit] of refusals) {
    const told = await api.call(operation, call, statuses);
    expect(told.error?.message ?? told, operation).toContain(culprit);
  }
  for (const [method, path] of [["GET", "/api/v1/nothing"], ["POST", "/api/v1/nothing"], ["GET", "/api/v2/metrics"]]) {
    const response = await request.fetch(url(path), { method });
    const told = await response.json();
    expect([response.status(), api.mistakes(["components", "schemas", "Failure"], told)], path).toEqual([404, ""]);
    expect(told.error).toEqual({ kind: "not_found", message: expect.stringContaining("/api/v1/openapi.json") });
  }
});

test("nobody signed in gets an answer from any path", async ({ api }) => {
  const nobody = await requests.newContext({ storageState: { cookies: [], origins: [] } });
  for (const { operation, at } of api.operations) {
    expect((await api.call(operation, { by: nobody, at }, [401])).error.message, operation).toContain("sign in at /entrar");
  }
  await nobody.dispose();
});
