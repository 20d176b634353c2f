//! The company's own spreadsheets: source `planilhas`.
//!
//! Invariant: an event's cost items here sum to its postings in the ERP.

use std::collections::BTreeSet;
use std::io;

use super::Out;
use super::sheet::{Cell, Sheet, money};
use super::stream::{Dialect, Layout, Plan, Stream};
use crate::calendar::{self, month_start};
use crate::company::invoices::InvoiceState;
use crate::company::places::PLACES;
use crate::company::{CHANNELS, Company, events, products};
use crate::dirt::{self, Dirt};
use crate::random::exp;

/// Months after the current one that have targets.
const AHEAD: i32 = 6;

pub(super) fn write(company: &Company, out: &mut Out<'_>) -> io::Result<()> {
    targets(company, out)?;
    seller_targets(company, out)?;
    days_off(company, out)?;
    event_sheets(company, out)?;
    budget(company, out)?;
    spellings(company, out)
}

fn save(out: &mut Out<'_>, stream: &str, sheet: &Sheet<'_>) -> io::Result<()> {
    let path = out.dir.join("planilhas").join(format!("{stream}.xlsx"));
    let bytes = sheet.save(&path)?;
    out.written.files += 1;
    out.written.rows += sheet.rows.len() as u64;
    out.written.bytes += bytes;
    Ok(())
}

/// Net sales of the mean month in cents.
fn mean_sales(company: &Company) -> f64 {
    let valid = company.invoices.iter().filter(|invoice| invoice.state == InvoiceState::Valid);
    let total: i64 = valid
        .map(|invoice| {
            let order = company.order_of(invoice);
            let lines = &company.shipment_lines[company.shipments[invoice.shipment as usize].line_range()];
            lines.iter().map(|line| company.net_sales(order, line)).sum::<i64>()
        })
        .sum();
    total as f64 / f64::from(crate::company::MONTHS)
}

/// Sales planned for a month, in whole thousands of reais.
fn planned_sales(company: &Company, mean: f64, month: i32) -> f64 {
    let start = month_start(month);
    let plan = mean * Company::season(start) * (0.66 + 0.72 * company.horizon.progress(start)) * 1.03;
    (plan / 100_000.0 + 0.5).floor() * 1000.0
}

fn targets(company: &Company, out: &mut Out<'_>) -> io::Result<()> {
    let mean = mean_sales(company);
    let last = company.horizon.last_month();
    let mut rows = Vec::new();
    for month in company.horizon.first_month()..=last + AHEAD {
        // R$ 250 mil in the current month, on the way from R$ 88 mil.
        let mrr = 250_000.0 * exp(1.06 * f64::from(month - last) / 36.0);
        let mrr = (mrr / 1000.0 + 0.5).floor() * 1000.0;
        let of_month = [
            ("lead_conversion_rate", "Taxa de conversão", 0.15),
            ("cac", "CAC", 500.0),
            ("mrr", "MRR", mrr),
            ("whatsapp_sla", "SLA WhatsApp", 0.9),
            ("order_lead_time", "Lead time do pedido", 5.0),
            ("gross_margin_pct", "Margem bruta", 0.6),
            ("event_roi", "ROI de eventos", 3.0),
            ("net_sales", "Faturamento líquido", planned_sales(company, mean, month)),
        ];
        rows.extend(of_month.map(|(kpi, name, target)| {
            vec![kpi.into(), name.into(), Cell::Date(month_start(month)), Cell::Number(target)]
        }));
    }
    let header = ["KPI", "Indicador", "Mês", "Meta"];
    let sheet = Sheet {
        name: "Metas",
        title: Some("Serra Azul Distribuidora — metas por indicador"),
        header: &header,
        rows,
    };
    save(out, "metas", &sheet)
}

fn seller_targets(company: &Company, out: &mut Out<'_>) -> io::Result<()> {
    let mean = mean_sales(company);
    let mut rows = Vec::new();
    for month in company.horizon.first_month()..=company.horizon.last_month() {
        let there: Vec<usize> = (0..company.sellers.len())
            .filter(|&index| company.sellers[index].works_on(month_start(month)))
            .collect();
        let each = planned_sales(company, mean, month) / there.len().max(1) as f64;
        for index in there {
            let target = (each / 500.0 + 0.5).floor() * 500.0;
            let name = company.sellers[index].name.as_str();
            rows.push(vec![
                Cell::from(index as i64 + 1),
                name.into(),
                Cell::Date(month_start(month)),
                Cell::Number(target),
            ]);
        }
    }
    let header = ["Vendedor", "Nome", "Mês", "Meta faturamento"];
    save(out, "metas_vendedor", &Sheet { name: "Vendedores", title: None, header: &header, rows })
}

fn days_off(company: &Company, out: &mut Out<'_>) -> io::Result<()> {
    let until = calendar::civil(company.horizon.last).0 + 1;
    let last = calendar::day(until, 12, 31);
    let listed =
        company.calendar.days_off.iter().filter(|off| (company.horizon.first..=last).contains(&off.day));
    let rows = listed
        .map(|off| {
            let filial = off.filial.map_or(Cell::Empty, |filial| i64::from(filial).into());
            vec![Cell::Date(off.day), off.name.into(), off.kind.into(), filial]
        })
        .collect();
    let header = ["Data", "Feriado", "Tipo", "Filial"];
    save(out, "feriados", &Sheet { name: "Feriados", title: None, header: &header, rows })
}

fn event_sheets(company: &Company, out: &mut Out<'_>) -> io::Result<()> {
    let listed = company.events.iter().enumerate();
    let rows = listed
        .map(|(index, event)| {
            let uf = PLACES[usize::from(event.place)].uf;
            let (code, name) = (Cell::Text(events::code(index)), event.name.as_str().into());
            let (from, to) = (Cell::Date(event.from), Cell::Date(event.to));
            vec![
                code,
                name,
                event.kind.into(),
                event.city.into(),
                uf.into(),
                from,
                to,
                money(event.budget),
                event.audience.into(),
            ]
        })
        .collect();
    let header = ["Código", "Evento", "Tipo", "Cidade", "UF", "Início", "Fim", "Orçamento", "Público"];
    save(out, "eventos", &Sheet { name: "Eventos", title: None, header: &header, rows })?;
    let mut rows = Vec::new();
    for (index, event) in company.events.iter().enumerate() {
        for (item, &cost) in events::COST_ITEMS.iter().zip(&event.costs) {
            rows.push(vec![Cell::Text(events::code(index)), (*item).into(), money(cost)]);
        }
    }
    save(
        out,
        "eventos_custos",
        &Sheet { name: "Custos", title: None, header: &["Código", "Item", "Valor"], rows },
    )
}

/// Marketing budget: last known spending by canal without what went wrong, in tens of reais.
fn budget(company: &Company, out: &mut Out<'_>) -> io::Result<()> {
    let mut rows = Vec::new();
    for month in company.horizon.first_month()..=company.horizon.last_month() {
        for (channel, name) in CHANNELS.iter().enumerate() {
            let of_channel = company.postings.iter().filter(|posting| posting.channel == Some(channel as u8));
            let spent: i64 = of_channel.map(|posting| posting.amount).sum();
            let share =
                spent as f64 / f64::from(crate::company::MONTHS) * Company::season(month_start(month));
            let cents = (share * (0.74 + 0.52 * company.horizon.progress(month_start(month))) / 1_000.0 + 0.5)
                as i64
                * 1_000;
            rows.push(vec![Cell::Date(month_start(month)), (*name).into(), money(cents)]);
        }
    }
    save(
        out,
        "verba_marketing",
        &Sheet { name: "Verba", title: None, header: &["Mês", "Canal", "Verba"], rows },
    )
}

fn spellings(company: &Company, out: &mut Out<'_>) -> io::Result<()> {
    let plan = Plan {
        source: "planilhas",
        stream: "de_para",
        prefix: "de_para",
        columns: "Tipo De Para",
        dialect: Dialect::Sap,
        layout: Layout::File,
        dirt: Dirt::default(),
    };
    let mut stream = Stream::open(out, &plan)?;
    let mut pairs: BTreeSet<(&str, String, String)> = BTreeSet::new();
    for (channel, name) in CHANNELS.iter().enumerate() {
        pairs.insert(("canal", dirt::other_channel(channel as u8).into(), (*name).into()));
    }
    for city in PLACES.iter().flat_map(|place| place.cities) {
        pairs.insert(("cidade", dirt::other_city(city), (*city).into()));
    }
    for (index, product) in company.products.iter().enumerate() {
        let (name, code) = dirt::other_product(&product.name, &products::code(index));
        pairs.insert(("produto", name, product.name.clone()));
        pairs.insert(("produto", code.trim().into(), products::code(index)));
    }
    for (kind, from, to) in &pairs {
        stream.row(out, company.horizon.first, |line| {
            line.text(kind).text(from).text(to);
        })?;
    }
    stream.finish(out)
}
