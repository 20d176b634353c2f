"""The benchmarks: `cargo xtask bench [NAME]`. Each measures Mirante and its peer in one run and writes results/NAME.json.

Figures: CPU-milliseconds per operation first, then wall time, then peak memory; medians of interleaved rounds and, against a peer,
medians of the paired ratios. Every timed answer is compared with the peer's, so that nobody wins by answering wrongly.
"""

import concurrent.futures
import datetime
import hashlib
import hmac
import http.client
import json
import os
import pathlib
import resource
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse

import duckdb

HERE = pathlib.Path(__file__).parent
BINARY = os.environ["MIRANTE"]
ROUNDS = int(os.environ.get("MIRANTE_BENCH_ROUNDS", "7"))
TICK_MS = 1000 / os.sysconf("SC_CLK_TCK")


def used(command: list[str], out=subprocess.DEVNULL) -> dict:
    """Runs to the end; wall and CPU seconds and peak memory of that one process."""
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=out)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{command} ended with status {status}")
    return {
        "wall_s": round(time.perf_counter() - started, 3),
        "cpu_s": round(usage.ru_utime + usage.ru_stime, 3),
        "peak_mb": round(usage.ru_maxrss / 1024, 1),
    }


def mirante(data: pathlib.Path, *arguments: str) -> dict:
    return used([BINARY, "--data", str(data), *arguments])


def sign_in_link(data: pathlib.Path) -> str:
    """A link for an administrator, who is added when the folder does not know them yet."""
    user = [BINARY, "--data", str(data), "user"]
    made = subprocess.run([*user, "add", "bench", "--role", "administrador"], capture_output=True, text=True)
    if made.returncode != 0:
        made = subprocess.run([*user, "link", "bench"], capture_output=True, text=True, check=True)
    return made.stdout.split()[-1]


class Server:
    """`mirante serve` on a free port, signed in."""

    def __init__(self, data: pathlib.Path):
        link = urllib.parse.urlparse(sign_in_link(data))
        started = time.perf_counter()
        self.process = subprocess.Popen(
            [BINARY, "--data", str(data), "serve", "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, text=True
        )
        said = self.process.stdout.readline().split()
        self.address = urllib.parse.urlparse(said[-1]).netloc
        self.connection = http.client.HTTPConnection(self.address)
        while self.get("/readyz")[0] != 200:
            time.sleep(0.01)
        self.ready_s = time.perf_counter() - started
        self.sign_in(f"{link.path}?{link.query}")

    def sign_in(self, link: str) -> None:
        self.connection.request("GET", link)
        answer = self.connection.getresponse()
        answer.read()
        self.cookie = answer.getheader("set-cookie").split(";")[0]

    def get(self, path: str, **headers) -> tuple[int, bytes]:
        self.connection.request("GET", path, headers=headers)
        answer = self.connection.getresponse()
        return answer.status, answer.read()

    def page(self, path: str) -> tuple[int, bytes]:
        return self.get(path, cookie=self.cookie, **{"accept-encoding": "br", "accept-language": "pt-BR"})

    def query(self, question: dict) -> dict:
        body = json.dumps(question)
        self.connection.request("POST", "/api/v1/query", body, {"cookie": self.cookie, "content-type": "application/json"})
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status != 200:
            sys.exit(f"{question} was answered {answer.status}: {text[:300]!r}")
        return json.loads(text)

    def cpu_ms(self) -> float:
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) * TICK_MS

    def memory_mb(self, field: str) -> float:
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(field + ":"):
                return round(int(line.split()[1]) / 1024, 1)
        return 0.0

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 3)


# --- demo: the whole flow of the invented company -----------------------------------------------------------------

def demo(folder: pathlib.Path) -> dict:
    return {"load": mirante(folder / "demo", "demo", "--no-serve"), "budget": "≤ 60 s, ≤ 1,500 MB"}


# --- land: rows per second into the lake, beside DuckDB writing Parquet from the same file ----------------------------

def land(folder: pathlib.Path) -> dict:
    rows = {"csv": 2_000_000, "parquet": 4_000_000, "xlsx": 150_000}
    result = {}
    for kind, count in rows.items():
        files = folder / f"files-{kind}"
        files.mkdir()
        make_events(files / f"events.{kind}", count)
        data = folder / f"data-{kind}"
        mirante(data, "source", "add", "files", "--name", "bench", "--path", str(files))
        mirante(data, "pack", "add", str(HERE / "pack"))
        ours = mirante(data, "run")
        result[kind] = {"rows": count, "mirante": ours, "rows_per_s": round(count / ours["wall_s"])}
        if kind != "xlsx":
            reader = "read_csv" if kind == "csv" else "read_parquet"
            script = f"import duckdb; duckdb.sql(\"copy (from {reader}('{files}/events.{kind}')) to '{folder}/peer.parquet'\")"
            result[kind]["duckdb"] = used([sys.executable, "-c", script])
    result["budget"] = "≥ 500,000 rows/s from Parquet, ≥ 200,000 rows/s from CSV"
    return result


EVENTS = """
    select date '2025-01-01' + cast(h % 547 as integer) as day,
           cast(sqrt(h2 % 1000000000000) as bigint) as user_id,
           ['Ads','WhatsApp','Site','SDR','Indicações','Eventos','Loja','Parceiros'][1 + h3 % 8] as channel,
           ['SP','RJ','MG','PR','SC','RS','BA','PE','CE','GO','DF','ES','MT','MS','PA','AM','MA','PB','RN','AL','SE','PI','TO','RO','AC','AP','RR'][1 + h4 % 27] as uf,
           'Categoria ' || (h5 % 40) as category,
           'Produto ' || (h6 % 32951) as product,
           'Vendedor ' || (h7 % 3095) as seller,
           ['view','cart','pay','delivered'][1 + h8 % 4] as status,
           cast((h9 % 100000) / 100.0 as decimal(18, 2)) as value,
           cast(h10 % 20000 as bigint) as minutes
    from (select cast(hash(i) >> 1 as bigint) as h, cast(hash(i, 2) >> 1 as bigint) as h2, cast(hash(i, 3) >> 1 as bigint) as h3, cast(hash(i, 4) >> 1 as bigint) as h4, cast(hash(i, 5) >> 1 as bigint) as h5,
                 cast(hash(i, 6) >> 1 as bigint) as h6, cast(hash(i, 7) >> 1 as bigint) as h7, cast(hash(i, 8) >> 1 as bigint) as h8, cast(hash(i, 9) >> 1 as bigint) as h9, cast(hash(i, 10) >> 1 as bigint) as h10
          from range({count}) as numbers(i))
"""


def make_events(path: pathlib.Path, count: int) -> None:
    query = EVENTS.format(count=count)
    if path.suffix == ".parquet":
        duckdb.sql(f"copy ({query}) to '{path}'")
    elif path.suffix == ".csv":
        duckdb.sql(f"copy ({query}) to '{path}' (header)")
    else:
        import xlsxwriter

        with xlsxwriter.Workbook(path, {"constant_memory": True}) as book:
            sheet = book.add_worksheet("events")
            date = book.add_format({"num_format": "yyyy-mm-dd"})
            relation = duckdb.sql(query)
            sheet.write_row(0, 0, relation.columns)
            for number, row in enumerate(relation.fetchall(), 1):
                sheet.write_datetime(number, 0, row[0], date)
                for column, value in enumerate(row[1:], 1):
                    sheet.write(number, column, value if isinstance(value, (str, int)) else float(value))


# --- queries: one fact, twelve questions, beside DuckDB over the very files of the lake ---------------------------------

def questions(shift: int) -> list[tuple[str, dict, str]]:
    """Name, question, and the same in SQL; `shift` moves the period so that no round can be answered from memory."""
    first = f"2025-{1 + shift // 28:02}-{1 + shift % 28:02}"
    period = {"from": first, "to": "2026-03-31"}
    when = f"day between date '{first}' and date '2026-03-31'"
    some = {"dimension": "uf", "op": "in", "values": ["SP", "PR"]}

    def ask(metrics, by=(), grain=None, where=(), limit=None, order=None):
        question = {"metrics": metrics, "period": period}
        if by:
            question["by"] = list(by)
        if grain:
            question["grain"] = grain
        if where:
            question["where"] = list(where)
        if limit:
            question["limit"] = limit
            question["order"] = [{"by": order, "dir": "desc"}]
        return question

    return [
        ("total", ask(["value"]), f"select sum(value) from events where {when}"),
        ("count and mean", ask(["events", "avg_value"]), f"select count(value), sum(value) / count(value) from events where {when}"),
        ("by day", ask(["value"], grain="day"), f"select day, sum(value) from events where {when} group by 1"),
        ("top categories", ask(["value"], ["category"], limit=10, order="value"), f"select category, sum(value) v from events where {when} group by 1 order by v desc limit 10"),
        ("by uf", ask(["value"], ["uf"]), f"select uf, sum(value) from events where {when} group by 1"),
        ("month × channel", ask(["value"], ["channel"], "month"), f"select date_trunc('month', day), channel, sum(value) from events where {when} group by 1, 2"),
        ("distinct users", ask(["users"]), f"select count(distinct user_id) from events where {when}"),
        ("distinct users by day", ask(["users"], grain="day"), f"select day, count(distinct user_id) from events where {when} group by 1"),
        ("rate by channel", ask(["paid_rate"], ["channel"]), f"select channel, count(*) filter (status = 'pay') / count(*) from events where {when} group by 1"),
        ("median by week", ask(["minutes"], grain="week"), f"select date_trunc('week', day), median(minutes) from events where {when} group by 1"),
        ("top sellers", ask(["value"], ["seller"], limit=20, order="value"), f"select seller, sum(value) v from events where {when} group by 1 order by v desc limit 20"),
        ("filtered by uf", ask(["value", "events"], ["status"], where=[some]), f"select status, sum(value), count(value) from events where {when} and uf in ('SP', 'PR') group by 1"),
    ]


def lake_of_events(folder: pathlib.Path, count: int) -> tuple[pathlib.Path, str]:
    """A published lake of so many events, and the files that it wrote, which the peer reads too."""
    files, data = folder / f"events-{count}", folder / f"lake-{count}"
    files.mkdir()
    make_events(files / "events.parquet", count)
    mirante(data, "source", "add", "files", "--name", "bench", "--path", str(files))
    mirante(data, "pack", "add", str(HERE / "pack"))
    mirante(data, "run")
    return data, f"{data}/lake/raw/bench__events/**/*.parquet"


def same(frame: dict, rows: list[tuple]) -> bool:
    """Same number of rows and, for single figures, the same figure."""
    if len(frame["rows"]) != len(rows):
        return False
    return len(rows) != 1 or all(
        abs(float(cell) - float(value)) <= 1e-9 * abs(float(value)) for cell, value in zip(frame["rows"][0], rows[0])
    )


def queries(folder: pathlib.Path) -> dict:
    result = {"budget": "each ≤ 1.2× DuckDB at the geometric mean, worst ≤ 2×"}
    for count in (1_000_000, 10_000_000):
        data, parquet = lake_of_events(folder, count)
        peer = duckdb.connect()
        peer.execute(f"create view events as from read_parquet('{parquet}')")
        server = Server(data)
        times: dict[str, list[tuple[float, float, float, float]]] = {}
        for shift in range(ROUNDS + 1):
            for name, question, sql in questions(shift):
                cpu, started = server.cpu_ms(), time.perf_counter()
                frame = server.query(question)
                ours, ours_cpu = time.perf_counter() - started, server.cpu_ms() - cpu
                before, started = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
                rows = peer.execute(sql).fetchall()
                theirs, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_SELF)
                theirs_cpu = 1000 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
                if not same(frame, rows):
                    sys.exit(f"{name}: Mirante answered {len(frame['rows'])} rows, DuckDB {len(rows)}: {frame['rows'][:1]} {rows[:1]}")
                # The first round warms both.
                if shift:
                    times.setdefault(name, []).append((ours, theirs, ours_cpu, theirs_cpu))
        table = {}
        for name, rounds in times.items():
            table[name] = {
                "ms": round(1000 * statistics.median(r[0] for r in rounds), 1),
                "duckdb_ms": round(1000 * statistics.median(r[1] for r in rounds), 1),
                "cpu_ms": round(statistics.median(r[2] for r in rounds), 1),
                "duckdb_cpu_ms": round(statistics.median(r[3] for r in rounds), 1),
                "ratio": round(statistics.median(r[0] / r[1] for r in rounds), 2),
            }
        result[str(count)] = {
            "queries": table,
            "ratio_geomean": round(statistics.geometric_mean(row["ratio"] for row in table.values()), 2),
            "ratio_worst": max(row["ratio"] for row in table.values()),
            "ratio_of_sums": round(sum(row["ms"] for row in table.values()) / sum(row["duckdb_ms"] for row in table.values()), 2),
            "peak_mb": server.memory_mb("VmHWM"),
        }
        server.stop()
        peer.close()
    return result


# --- policy: the rows of one principal, beside the same questions with the same condition as a filter ----------------------

def policy(folder: pathlib.Path) -> dict:
    data, _ = lake_of_events(folder, 10_000_000)
    ufs = ["AC", "AM", "BA", "CE", "DF", "GO", "MG", "PA", "PR", "RJ", "RS", "SC", "SP"]
    added = [BINARY, "--data", str(data), "user", "add", "somebody", "--attribute", "ufs=" + ",".join(ufs)]
    link = urllib.parse.urlparse(subprocess.run(added, check=True, capture_output=True, text=True).stdout.split()[-1])
    server = Server(data)
    everything = server.cookie
    server.sign_in(f"{link.path}?{link.query}")
    somebody = server.cookie
    condition = {"dimension": "uf", "op": "in", "values": ufs}
    times: dict[str, list[tuple[float, float, float, float]]] = {}
    for shift in range(ROUNDS + 1):
        for name, question, _ in questions(shift):
            # Whom users are is confidential: counting them is not the same question.
            if name.startswith("distinct"):
                continue
            filtered = question | {"where": question.get("where", []) + [condition]}
            measured = []
            for cookie, asked in ((somebody, question), (everything, filtered)):
                server.cookie = cookie
                cpu, started = server.cpu_ms(), time.perf_counter()
                frame = server.query(asked)
                measured.append((time.perf_counter() - started, server.cpu_ms() - cpu, sorted(map(str, frame["rows"]))))
            if measured[0][2] != measured[1][2]:
                sys.exit(f"{name}: the principal's answer differs from the filtered one")
            if shift:
                times.setdefault(name, []).append((measured[0][0], measured[1][0], measured[0][1], measured[1][1]))
    table = {
        name: {
            "ms": round(1000 * statistics.median(r[0] for r in rounds), 1),
            "filtered_ms": round(1000 * statistics.median(r[1] for r in rounds), 1),
            "cpu_ms": round(statistics.median(r[2] for r in rounds), 1),
            "filtered_cpu_ms": round(statistics.median(r[3] for r in rounds), 1),
            "ratio": round(statistics.median(r[0] / r[1] for r in rounds), 2),
        }
        for name, rounds in times.items()
    }
    server.stop()
    return {
        "budget": "≤ 1.1× the same question with the same condition as a filter",
        "queries": table,
        "ratio_geomean": round(statistics.geometric_mean(row["ratio"] for row in table.values()), 2),
    }


# --- board: twelve tiles over one fact, none of them known yet, beside the same twelve questions one by one in DuckDB -----------

def tile_queries(first: datetime.date, last: datetime.date) -> list[str]:
    """What the twelve tiles of pack/boards/mesa.yml ask, in SQL."""

    def buckets(grain: str, count: int) -> str:
        return f"day between date_trunc('{grain}', date '{last}') - interval {count - 1} {grain} and date '{last}'"

    def series(value: str, grain: str, count: int, by: str = "") -> str:
        groups = "1, 2" if by else "1"
        return f"select date_trunc('{grain}', day){by}, {value} from events where {buckets(grain, count)} group by {groups}"

    when = f"day between date '{first}' and date '{last}'"
    return [
        series("sum(value)", "month", 13),
        series("count(value)", "week", 26),
        series("sum(value) / count(value)", "month", 13),
        series("sum(value)", "day", 90),
        series("count(distinct user_id)", "week", 13),
        series("median(minutes)", "month", 6),
        series("sum(value)", "month", 13, ", channel"),
        series("count(value)", "month", 13, ", status"),
        f"select category, sum(value) v from events where {when} group by 1 order by v desc limit 10",
        f"select seller, sum(value) v from events where {when} group by 1 order by v desc limit 20",
        f"select channel, count(*) filter (status = 'pay') / count(*) from events where {when} group by 1",
        f"select uf, channel, count(value) from events where {when} group by 1, 2",
    ]


def board(folder: pathlib.Path) -> dict:
    result = {"budget": "the whole board ≤ 0.8× the sum of DuckDB's twelve queries over the same Parquet"}
    for count in (1_000_000, 10_000_000):
        data, parquet = lake_of_events(folder, count)
        peer = duckdb.connect()
        peer.execute(f"create view events as from read_parquet('{parquet}')")
        server = Server(data)
        rounds = []
        for shift in range(ROUNDS + 1):
            last = datetime.date(2026, 3, 31) - datetime.timedelta(days=shift)
            first = datetime.date(2025, 7, 1)
            cpu, started = server.cpu_ms(), time.perf_counter()
            status, _ = server.page(f"/painel/mesa?p={first}..{last}&c=none")
            ours, ours_cpu = time.perf_counter() - started, server.cpu_ms() - cpu
            if status != 200:
                sys.exit(f"the board was answered {status}")
            before, started = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
            for sql in tile_queries(first, last):
                peer.execute(sql).fetchall()
            theirs, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_SELF)
            theirs_cpu = 1000 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
            # The first round warms both.
            if shift:
                rounds.append((ours, theirs, ours_cpu, theirs_cpu))
        result[str(count)] = {
            "ms": round(1000 * statistics.median(r[0] for r in rounds), 1),
            "duckdb_ms": round(1000 * statistics.median(r[1] for r in rounds), 1),
            "cpu_ms": round(statistics.median(r[2] for r in rounds), 1),
            "duckdb_cpu_ms": round(statistics.median(r[3] for r in rounds), 1),
            "ratio": round(statistics.median(r[0] / r[1] for r in rounds), 2),
            "cpu_ratio": round(statistics.median(r[2] / r[3] for r in rounds), 2),
            "peak_mb": server.memory_mb("VmHWM"),
        }
        server.stop()
        peer.close()
    return result


# --- overview: the board as a person opens it ------------------------------------------------------------------------------

def overview(folder: pathlib.Path) -> dict:
    data = folder / "overview"
    mirante(data, "demo", "--no-serve")
    server = Server(data)
    idle_mb = server.memory_mb("VmRSS")
    started = time.perf_counter()
    status, body = server.page("/")
    cold_ms = 1000 * (time.perf_counter() - started)
    if status != 200:
        sys.exit(f"the board was answered {status}")
    for _ in range(20):
        server.page("/")
    times, views = [], 200
    cpu = server.cpu_ms()
    for _ in range(views):
        started = time.perf_counter()
        server.page("/")
        times.append(1000 * (time.perf_counter() - started))
    cpu = (server.cpu_ms() - cpu) / views
    _, plain = server.get("/", cookie=server.cookie)
    assets = sorted(set(part.split('"')[0] for part in plain.decode().split('"/')[1:] if part.startswith(("pkg/", "fonts/"))))
    wire = {"html": len(body)}
    for asset in assets:
        status, content = server.page("/" + asset)
        if status == 200:
            wire[asset.rsplit("/", 1)[-1]] = len(content)
    result = {
        "start_to_ready_s": round(server.ready_s, 3),
        "idle_mb": idle_mb,
        "peak_mb": server.memory_mb("VmHWM"),
        "first_view_ms": round(cold_ms, 1),
        "warm_p50_ms": percentile(times, 0.5),
        "warm_p95_ms": percentile(times, 0.95),
        "cpu_ms_per_view": round(cpu, 2),
        "bytes_on_the_wire": wire,
        "budget": "p95 ≤ 20 ms; idle ≤ 150 MB; ready ≤ 1 s; HTML + CSS + font ≤ 100 KB; WASM + glue ≤ 450 KB",
    }
    server.stop()
    return result


# --- hooks: signed deliveries that are on the disk when they are answered, beside the same requests that nothing is done with ---

HOOK_SECRET = "5f4dcc3b5aa765d61d8327deb882cf99"


def hook_requests(host: str, path: str, first: int, count: int) -> list[bytes]:
    """Whole requests: one message each, as Meta sends it."""
    requests = []
    for number in range(first, first + count):
        message = {"from": "5511999990000", "from_user_id": "BR.1502576394655843", "id": f"wamid.HBgL{number:024}", "timestamp": "1749416383",
                   "type": "text", "text": {"body": "Olá, o pedido chegou? " * 4}}
        value = {"messaging_product": "whatsapp", "metadata": {"display_phone_number": "551130000000", "phone_number_id": "1065403522"},
                 "contacts": [{"profile": {"name": "Ana"}, "wa_id": "5511999990000", "user_id": "BR.1502576394655843"}], "messages": [message]}
        entry = {"id": "102290129340398", "changes": [{"field": "messages", "value": value}]}
        body = json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()
        signature = hmac.new(HOOK_SECRET.encode(), body, hashlib.sha256).hexdigest()
        head = (f"POST {path} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n"
                f"x-hub-signature-256: sha256={signature}\r\n\r\n")
        requests.append(head.encode() + body)
    return requests


def send_all(host: str, path: str, first: int, count: int, wanted: bytes) -> list[float]:
    """Sends one after the other on one connection; milliseconds of each answer."""
    requests = hook_requests(host, path, first, count)
    name, port = host.split(":")
    times = []
    with socket.create_connection((name, int(port))) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for request in requests:
            started = time.perf_counter()
            connection.sendall(request)
            answer = connection.recv(4096)
            times.append(1000 * (time.perf_counter() - started))
            if not answer.startswith(b"HTTP/1.1 " + wanted):
                sys.exit(f"{path} was answered {answer[:60]!r}")
    return times


def hooks(folder: pathlib.Path) -> dict:
    data, connections, each = folder / "hooks", 32, 500
    os.environ["HOOK_SECRET"] = HOOK_SECRET
    mirante(data, "source", "add", "whatsapp", "--name", "zap", "--app-secret", "env:HOOK_SECRET", "--verify-token", "env:HOOK_SECRET")
    (folder / "pack" / "models").mkdir(parents=True)
    (folder / "pack" / "dbt_project.yml").write_text("name: zap\nversion: '1.0'\nmodel-paths: [models]\nmodels: {zap: {+schema: marts}}\n")
    (folder / "pack" / "models" / "one.sql").write_text("select 1 as one\n")
    mirante(data, "pack", "add", str(folder / "pack"))
    mirante(data, "run")
    server = Server(data)
    # The same requests to a source that is not there: read and refused, without signature and disk.
    kinds = {"durable": ("/hooks/zap", b"200"), "no_op": ("/hooks/nobody", b"401")}
    rounds: dict[str, list[dict]] = {kind: [] for kind in kinds}
    with concurrent.futures.ProcessPoolExecutor(connections) as pool:
        for turn in range(ROUNDS + 1):
            for kind, (path, wanted) in kinds.items():
                cpu, started = server.cpu_ms(), time.perf_counter()
                firsts = range(turn * connections * each, (turn + 1) * connections * each, each)
                sent = [pool.submit(send_all, server.address, path, first, each, wanted) for first in firsts]
                times = [value for part in sent for value in part.result()]
                wall = time.perf_counter() - started
                # The first round warms both.
                if turn:
                    rounds[kind].append({
                        "requests_per_s": round(len(times) / wall), "p50_ms": percentile(times, 0.5), "p99_ms": percentile(times, 0.99),
                        "cpu_ms_per_request": (server.cpu_ms() - cpu) / len(times),
                    })
    _, counters = server.get("/metrics")
    syncs = [line.split()[-1] for line in counters.decode().splitlines() if line.startswith("mirante_inbox_syncs_total")]
    server.stop()
    count = (ROUNDS + 1) * connections * each
    landed = mirante(data, "run")
    result: dict = {kind: {name: round(statistics.median(r[name] for r in these), 3) for name in these[0]} for kind, these in rounds.items()}
    result |= {"connections": connections, "deliveries": count, "deliveries_per_sync": round(count / int(syncs[0]), 1), "landing": landed,
               "budget": "p99 ≤ 100 ms with durable answers"}
    return result


# --- syncs: whole systems read over HTTP, in a process of their own ---------------------------------------------------------------------

class Systems:
    """The simulated systems of a company of this size, without limits of their own."""

    def __init__(self, scale: float):
        self.process = subprocess.Popen([os.environ["SIMULATORS"], str(scale)], stdout=subprocess.PIPE, text=True)
        self.told = {}
        for line in self.process.stdout:
            key, _, value = line.strip().rpartition(" ")
            self.told[key.strip()] = value
            if "SHA-256" in self.told:
                break

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGINT)
        self.process.wait(20)


def syncs(folder: pathlib.Path) -> dict:
    result: dict = {"budget": "memory of a sync of 1M rows ≤ 300 MB above that of a server at rest"}
    for scale in (0.25, 1.0):
        with Systems(scale) as systems:
            told = systems.told
            os.environ |= {"SYSTEM_KEY": told["User-Key"], "SYSTEM_PASSWORD": told["Password"]}
            kinds = {
                "ploomes": ["--address", told["Ploomes"], "--user-key", "env:SYSTEM_KEY", "--per-minute", "6000"],
                "sap_b1": ["--address", told["SAP Business One"].removesuffix("/b1s/v2"), "--company-db", told["CompanyDB"], "--user", told["UserName"],
                           "--password", "env:SYSTEM_PASSWORD", "--fingerprint", told["SHA-256"], "--page-size", "500"],
            }
            for kind, settings in kinds.items():
                data = folder / f"{kind}-{scale}"
                data.mkdir()
                (data / "mirante.toml").write_text('private_networks = ["127.0.0.1"]\n')
                mirante(data, "source", "add", kind, "--name", kind, *settings)
                idle = mirante(data, "source", "list")
                report = folder / "report"
                with report.open("w") as out:
                    ours = used([BINARY, "--data", str(data), "source", "sync", kind], out)
                rows = int(report.read_text().split("\t")[1].split()[0])
                again = mirante(data, "source", "sync", kind)
                result[f"{kind}, scale {scale}"] = {
                    "rows": rows, "rows_per_s": round(rows / ours["wall_s"]), "cpu_ms_per_1k_rows": round(1e6 * ours["cpu_s"] / rows, 2),
                    "mb_above_idle": round(ours["peak_mb"] - idle["peak_mb"], 1), "sync": ours, "again": again,
                }
    return result


BENCHMARKS = {"demo": demo, "land": land, "queries": queries, "board": board, "policy": policy, "overview": overview, "hooks": hooks, "syncs": syncs}


def main(names: list[str]) -> None:
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        sys.exit(f"there is no benchmark {unknown[0]}; there are {', '.join(BENCHMARKS)}")
    results = HERE / "results"
    results.mkdir(exist_ok=True)
    for name in names or BENCHMARKS:
        folder = pathlib.Path(tempfile.mkdtemp(prefix="mirante-bench-"))
        try:
            result = BENCHMARKS[name](folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        result["cpus"] = len(os.sched_getaffinity(0))
        text = json.dumps(result, indent=2, ensure_ascii=False)
        (results / f"{name}.json").write_text(text + "\n")
        print(name, text)


if __name__ == "__main__":
    main(sys.argv[1:])
