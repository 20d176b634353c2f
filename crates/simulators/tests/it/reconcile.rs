//! The exports, cleaned by the rules of README.md, give the figures of the truth.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;

use simulators::Company;
use simulators::truth::Truth;

use crate::reading::{Row, cents, day, month, newest};
use crate::{company, write};

type Figures = BTreeMap<String, (i64, i64)>;

/// The totals of a metric by month.
fn wanted(truth: &Truth, metric: &str) -> Figures {
    let rows = truth.rows.iter().filter(|row| row.metric == metric && row.dimension.is_empty());
    rows.map(|row| (row.month.clone(), (row.numerator, row.denominator))).collect()
}

fn exported() -> (Company, Truth, tempfile::TempDir) {
    let company = company(0.05, 21);
    let dir = tempfile::tempdir().unwrap();
    write(&company, dir.path());
    let truth = company.truth();
    (company, truth, dir)
}

fn valid_sales(dir: &Path) -> HashMap<String, Row> {
    let invoices = newest(dir, "sap", "oinv", &["DocEntry"]);
    let valid = invoices.into_iter().filter(|row| row["CANCELED"] == "N" && row["U_Operacao"] == "Venda");
    valid.map(|row| (row["DocEntry"].clone(), row)).collect()
}

fn net(row: &Row, discount: i64) -> i64 {
    let total = cents(&row["LineTotal"]) * (100 - discount);
    assert_eq!(total % 100, 0, "the header discount of a line is whole cents");
    total / 100 - ["U_ICMS", "U_PIS", "U_COFINS"].iter().map(|tax| cents(&row[*tax])).sum::<i64>()
}

#[test]
fn margin_and_sales_follow_from_documents() {
    let (_, truth, dir) = exported();
    let invoices = valid_sales(dir.path());
    let (mut margin, mut sales) = (Figures::new(), Figures::new());
    let mut add = |month: String, net: i64, cost: i64| {
        let sum = margin.entry(month.clone()).or_default();
        *sum = (sum.0 + net - cost, sum.1 + net);
        let sum = sales.entry(month).or_insert((0, 1));
        sum.0 += net;
    };
    for line in newest(dir.path(), "sap", "inv1", &["DocEntry", "LineNum"]) {
        if let Some(invoice) = invoices.get(&line["DocEntry"]) {
            let discount = invoice["DiscPrcnt"].parse().unwrap();
            add(month(&line["DocDate"]), net(&line, discount), cents(&line["StockValue"]));
        }
    }
    for line in newest(dir.path(), "sap", "rin1", &["DocEntry", "LineNum"]) {
        assert!(invoices.contains_key(&line["BaseEntry"]));
        add(month(&line["DocDate"]), -net(&line, 0), -cents(&line["StockValue"]));
    }
    assert_eq!(margin, wanted(&truth, "gross_margin_pct"));
    assert_eq!(sales, wanted(&truth, "net_sales"));
}

#[test]
fn document_totals_are_those_of_their_lines() {
    let (_, _, dir) = exported();
    let mut totals: HashMap<String, (i64, i64)> = HashMap::new();
    for line in newest(dir.path(), "sap", "inv1", &["DocEntry", "LineNum"]) {
        let sum = totals.entry(line["DocEntry"].clone()).or_default();
        sum.0 += cents(&line["LineTotal"]);
        sum.1 += cents(&line["VatSum"]);
    }
    for invoice in newest(dir.path(), "sap", "oinv", &["DocEntry"]) {
        let (lines, ipi) = totals[&invoice["DocEntry"]];
        assert_eq!(ipi, cents(&invoice["VatSum"]));
        let total = lines - cents(&invoice["DiscSum"]) + ipi + cents(&invoice["TotalExpns"]);
        assert_eq!(total, cents(&invoice["DocTotal"]), "{invoice:?}");
    }
}

#[test]
fn cac_follows_from_postings_and_first_invoices() {
    let (_, truth, dir) = exported();
    let areas: HashMap<String, String> = newest(dir.path(), "sap", "oprc", &["PrcCode"])
        .into_iter()
        .map(|row| (row["PrcCode"].clone(), row["U_Area"].clone()))
        .collect();
    let mut figures = Figures::new();
    for row in newest(dir.path(), "sap", "jdt1", &["TransId", "Line_ID"]) {
        let area = areas.get(&row["ProfitCode"]).map_or("", String::as_str);
        if row["Account"].starts_with("4.") && matches!(area, "Marketing" | "Vendas") {
            figures.entry(month(&row["RefDate"])).or_default().0 +=
                cents(&row["Debit"]) - cents(&row["Credit"]);
        }
    }
    let mut first: HashMap<String, i32> = HashMap::new();
    let mut label: HashMap<i32, String> = HashMap::new();
    for invoice in valid_sales(dir.path()).values() {
        let on = day(&invoice["DocDate"]);
        label.insert(on, month(&invoice["DocDate"]));
        first.entry(invoice["CardCode"].clone()).and_modify(|known| *known = on.min(*known)).or_insert(on);
    }
    for customer in newest(dir.path(), "sap", "ocrd", &["CardCode"])
        .iter()
        .filter(|row| row["U_PrimeiraCompra"].is_empty())
    {
        if let Some(on) = first.get(&customer["CardCode"]) {
            figures.entry(label[on].clone()).or_default().1 += 1;
        }
    }
    assert_eq!(figures, wanted(&truth, "cac"));
}

#[test]
fn mrr_follows_from_versions_and_its_movements_explain_it() {
    let (company, truth, dir) = exported();
    let versions = newest(dir.path(), "sap", "contratos_vigencias", &["ContratoId", "Sequencia"]);
    let movements = newest(dir.path(), "sap", "contratos_movimentos", &["MovimentoId"]);
    let figures = wanted(&truth, "mrr");
    let mut earlier = None;
    for (label, &(mrr, _)) in &figures {
        let (year, number): (i32, i32) = (label[..4].parse().unwrap(), label[5..].parse().unwrap());
        let end = (simulators::calendar::month_start(year * 12 + number) - 1).min(company.horizon.last);
        let active = versions.iter().filter(|row| {
            day(&row["VigenciaInicio"]) <= end
                && (row["VigenciaFim"].is_empty() || day(&row["VigenciaFim"]) >= end)
        });
        let monthly = active.map(|row| {
            let months = match row["Periodicidade"].as_str() {
                "Mensal" => 1,
                "Trimestral" => 3,
                "Semestral" => 6,
                _ => 12,
            };
            assert_eq!(cents(&row["ValorPeriodo"]) % months, 0);
            cents(&row["ValorPeriodo"]) / months
        });
        assert_eq!(monthly.sum::<i64>(), mrr, "{label}");
        let moved: i64 =
            movements.iter().filter(|row| day(&row["Data"]) <= end).map(|row| cents(&row["Delta"])).sum();
        assert_eq!(moved, mrr, "{label}");
        let part = |metric: &str| truth.get(metric, label, "", "").0;
        let change = part("mrr_new") + part("mrr_expansion") - part("mrr_contraction") - part("mrr_churn");
        if let Some(earlier) = earlier {
            assert_eq!(change, mrr - earlier, "{label}");
        }
        earlier = Some(mrr);
    }
    assert_eq!(figures.len(), 36);
}

#[test]
fn conversion_follows_from_deals() {
    let (company, truth, dir) = exported();
    let mut figures = Figures::new();
    for deal in newest(dir.path(), "ploomes", "deals", &["Id"]) {
        let created = day(&deal["CreateDate"]);
        if created + 90 <= company.horizon.last {
            let won = deal["StatusId"] == "2" && day(&deal["FinishDate"]) - created <= 90;
            let sum = figures.entry(month(&deal["CreateDate"])).or_default();
            *sum = (sum.0 + i64::from(won), sum.1 + 1);
        }
    }
    assert_eq!(figures, wanted(&truth, "lead_conversion_rate"));
}

#[test]
fn lead_time_follows_from_last_fulfilment() {
    let (company, truth, dir) = exported();
    let dir = dir.path();
    let mut fulfilled: HashMap<String, i32> = HashMap::new();
    let mut see = |order: &str, on: i32| {
        fulfilled.entry(order.to_owned()).and_modify(|known| *known = on.max(*known)).or_insert(on);
    };
    for line in newest(dir, "sap", "dln1", &["DocEntry", "LineNum"]) {
        see(&line["BaseEntry"], day(&line["DocDate"]));
    }
    let valid: HashSet<String> = newest(dir, "sap", "oinv", &["DocEntry"])
        .into_iter()
        .filter(|row| row["CANCELED"] == "N")
        .map(|row| row["DocEntry"].clone())
        .collect();
    for line in newest(dir, "sap", "inv1", &["DocEntry", "LineNum"]) {
        if line["BaseType"] == "17" && valid.contains(&line["DocEntry"]) {
            see(&line["BaseEntry"], day(&line["DocDate"]));
        }
    }
    let mut figures = Figures::new();
    let mut open = 0;
    for order in newest(dir, "sap", "ordr", &["DocEntry"]).iter().filter(|row| row["CANCELED"] == "N") {
        if order["DocStatus"] == "O" {
            open += 1;
            continue;
        }
        let last = fulfilled[&order["DocEntry"]];
        let days = company.calendar.between(order["BPLId"].parse().unwrap(), day(&order["DocDate"]), last);
        let label = simulators::calendar::month_label(simulators::calendar::month_of(last));
        let sum = figures.entry(label).or_default();
        *sum = (sum.0 + i64::from(days), sum.1 + 1);
    }
    assert_eq!(figures, wanted(&truth, "order_lead_time_mean"));
    assert_eq!(wanted(&truth, "open_orders").values().next(), Some(&(open, 1)));
}

#[test]
fn sla_follows_from_messages() {
    let (company, truth, dir) = exported();
    let queues: HashMap<String, String> =
        newest(dir.path(), "atendimento", "conversations", &["conversation_id"])
            .into_iter()
            .map(|row| (row["conversation_id"].clone(), row["queue_id"].clone()))
            .collect();
    let mut talks: BTreeMap<String, Vec<(i64, String, String)>> = BTreeMap::new();
    for row in newest(dir.path(), "atendimento", "messages", &["id"]) {
        if !row["conversation_id"].is_empty() {
            let local = row["timestamp"].parse::<i64>().unwrap() - 3 * 3600;
            talks.entry(row["conversation_id"].clone()).or_default().push((
                local,
                row["id"].clone(),
                row["sender"].clone(),
            ));
        }
    }
    let mut figures = Figures::new();
    for (talk, mut messages) in talks {
        messages.sort();
        let filial = [1, 1, 2, 2, 5][queues[&talk].parse::<usize>().unwrap() - 1];
        let mut start = None;
        for (at, _, sender) in messages.iter().chain([&(i64::MAX, String::new(), "agent".to_owned())]) {
            if sender == "contact" {
                start = start.or(Some(*at));
            } else if let (Some(from), "agent") = (start, sender.as_str()) {
                start = None;
                let deadline = company.calendar.add_seconds(filial, from, 900);
                if deadline < company.horizon.end() {
                    let label = simulators::calendar::month_label(simulators::calendar::month_of(
                        (deadline / 86_400) as i32,
                    ));
                    let sum = figures.entry(label).or_default();
                    *sum = (sum.0 + i64::from(*at <= deadline), sum.1 + 1);
                }
            }
        }
    }
    assert_eq!(figures, wanted(&truth, "whatsapp_sla"));
}

#[test]
fn event_roi_follows_from_orders_of_won_deals() {
    let (_, truth, dir) = exported();
    let dir = dir.path();
    let starts: HashMap<String, String> = newest(dir, "sap", "oprj", &["PrjCode"])
        .into_iter()
        .map(|row| (row["PrjCode"].clone(), row["ValidFrom"].clone()))
        .collect();
    let mut figures: BTreeMap<String, (i64, i64)> = BTreeMap::new();
    for row in newest(dir, "sap", "jdt1", &["TransId", "Line_ID"])
        .iter()
        .filter(|row| row["Account"].starts_with("4.") && !row["Project"].is_empty())
    {
        let cost = cents(&row["Debit"]) - cents(&row["Credit"]);
        let sum = figures.entry(row["Project"].clone()).or_default();
        *sum = (sum.0 - cost, sum.1 + cost);
    }
    let deals: HashMap<String, String> = newest(dir, "ploomes", "deals", &["Id"])
        .into_iter()
        .filter(|deal| !deal["EventoCodigo"].is_empty() && deal["StatusId"] == "2")
        .filter(|deal| day(&deal["FinishDate"]) <= day(&starts[&deal["EventoCodigo"]]) + 180)
        .map(|deal| (deal["Id"].clone(), deal["EventoCodigo"].clone()))
        .collect();
    let orders: HashMap<String, String> = newest(dir, "sap", "ordr", &["DocEntry"])
        .into_iter()
        .filter_map(|order| Some((order["DocEntry"].clone(), deals.get(&order["U_DealId"])?.clone())))
        .collect();
    let deliveries: HashMap<(String, String), String> = newest(dir, "sap", "dln1", &["DocEntry", "LineNum"])
        .into_iter()
        .map(|line| ((line["DocEntry"].clone(), line["LineNum"].clone()), line["BaseEntry"].clone()))
        .collect();
    let invoices = valid_sales(dir);
    let mut events: HashMap<String, String> = HashMap::new();
    let mut margin = |event: &String, amount: i64| figures.entry(event.clone()).or_default().0 += amount;
    for line in newest(dir, "sap", "inv1", &["DocEntry", "LineNum"]) {
        let order = if line["BaseType"] == "17" {
            &line["BaseEntry"]
        } else {
            &deliveries[&(line["BaseEntry"].clone(), line["BaseLine"].clone())]
        };
        if let (Some(invoice), Some(event)) = (invoices.get(&line["DocEntry"]), orders.get(order)) {
            margin(event, net(&line, invoice["DiscPrcnt"].parse().unwrap()) - cents(&line["StockValue"]));
            events.insert(line["DocEntry"].clone(), event.clone());
        }
    }
    for line in newest(dir, "sap", "rin1", &["DocEntry", "LineNum"]) {
        if let Some(event) = events.get(&line["BaseEntry"]) {
            margin(event, cents(&line["StockValue"]) - net(&line, 0));
        }
    }
    let rows = truth.rows.iter().filter(|row| row.metric == "event_roi" && row.dimension == "evento");
    let wanted: BTreeMap<String, (i64, i64)> =
        rows.map(|row| (row.member.clone(), (row.numerator, row.denominator))).collect();
    assert_eq!(figures, wanted);
    assert_eq!(figures.len(), 40);
}
