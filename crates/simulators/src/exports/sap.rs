//! Master data, journal postings and contracts of the ERP: source `sap`.
//!
//! Documents are in `sap_documents`. Invariant: amounts are cents of the model, never rounded again.

use std::io;

use super::Out;
use super::stream::{Dialect, Layout, Plan, Stream};
use crate::calendar::{Day, month_end, month_of};
use crate::company::contracts::{Contract, MovementKind, PLANS};
use crate::company::expenses::{ACCOUNTS, COST_CENTRES, Posting, channel_name};
use crate::company::places::{FILIAIS, PLACES};
use crate::company::products::FAMILIES;
use crate::company::{CHANNELS, Company, SEGMENTS, contracts, customers, events, products};
use crate::dirt::{self, Broken, Dirt};

pub(super) fn plan<'a>(
    stream: &'a str,
    prefix: &'a str,
    columns: &'a str,
    layout: Layout,
    dirt: Dirt,
) -> Plan<'a> {
    Plan { source: "sap", stream, prefix, columns, dialect: Dialect::Sap, layout, dirt }
}

fn file<'a>(stream: &'a str, columns: &'a str) -> Plan<'a> {
    plan(stream, stream, columns, Layout::File, Dirt::default())
}

pub(super) fn write(company: &Company, out: &mut Out<'_>) -> io::Result<()> {
    house(company, out)?;
    partners(company, out)?;
    items(company, out)?;
    ledgers(company, out)?;
    postings(company, out)?;
    contract_files(company, out)
}

fn house(company: &Company, out: &mut Out<'_>) -> io::Result<()> {
    let first = company.horizon.first;
    let mut stream = Stream::open(out, &file("obpl", "BPLId BPLName City State U_Abertura"))?;
    for (number, name, city, uf) in FILIAIS {
        let opened = opened(company, number);
        stream.row(out, first, |line| {
            line.int(number.into()).text(name).text(city).text(uf).date(opened);
        })?;
    }
    stream.finish(out)?;
    let columns = "SlpCode SlpName Active BPLId U_Admissao U_Desligamento U_Perfil";
    let mut stream = Stream::open(out, &file("oslp", columns))?;
    for (index, seller) in company.sellers.iter().enumerate() {
        stream.row(out, first, |line| {
            line.int(index as i64 + 1).text(&seller.name).text(if seller.works_on(company.horizon.last) {
                "Y"
            } else {
                "N"
            });
            line.int(seller.filial.into()).date(seller.admitted).maybe_date(seller.left);
            line.text(if seller.hunter { "Hunter" } else { "Farmer" });
        })?;
    }
    stream.finish(out)
}

/// The canal's name, in its second spelling now and then.
pub(crate) fn channel_text(company: &Company, channel: u8, stream: u64, row: u64) -> &'static str {
    if dirt::hits(company.seed, stream, row, 25) {
        dirt::other_channel(channel)
    } else {
        CHANNELS[usize::from(channel)]
    }
}

/// City of a customer as typed.
pub(crate) fn partner_city(company: &Company, customer: usize) -> String {
    let city = company.contacts[company.customers[customer].contact as usize].city;
    if dirt::hits(company.seed, 201, customer as u64, 60) { dirt::other_city(city) } else { city.into() }
}

/// The first day of a filial.
pub(crate) fn opened(company: &Company, filial: u8) -> Day {
    if filial == 5 { company.stories.recife_opens } else { company.horizon.first - 800 * Day::from(filial) }
}

fn partners(company: &Company, out: &mut Out<'_>) -> io::Result<()> {
    let columns = "CardCode CardName CardType LicTradNum GroupName U_Segmento U_Canal SlpCode BPLId City State1 U_PrimeiraCompra \
                   CreateDate UpdateDate";
    let mut stream = Stream::open(
        out,
        &plan("ocrd", "ocrd", columns, Layout::File, Dirt { doubled: 8, ..Dirt::default() }),
    )?;
    for (index, customer) in company.customers.iter().enumerate() {
        let contact = &company.contacts[customer.contact as usize];
        let segment = SEGMENTS[usize::from(contact.segment)];
        let city = partner_city(company, index);
        stream.row(out, customer.since, |line| {
            line.text(&customers::code(index)).text(&contact.legal_name).text("C").text(&contact.cnpj);
            line.text(&format!("Clientes {segment}")).text(segment).text(channel_text(
                company,
                customer.channel,
                202,
                index as u64,
            ));
            line.int(customer.seller.into()).int(customer.filial.into()).text(&city);
            line.text(PLACES[usize::from(contact.place)].uf).maybe_date(customer.migrated);
            line.date(customer.since).date(customer.since);
        })?;
    }
    stream.finish(out)
}

fn items(company: &Company, out: &mut Out<'_>) -> io::Result<()> {
    let columns = "ItemCode ItemName ItmsGrpNam U_Linha AvgPrice ListPrice frozenFor UpdateDate";
    let mut stream = Stream::open(out, &file("oitm", columns))?;
    let (first, last) = (company.horizon.first, company.horizon.last);
    for (index, product) in company.products.iter().enumerate() {
        stream.row(out, first, |line| {
            line.text(&products::code(index)).text(&product.name).text(FAMILIES[usize::from(product.family)]);
            line.text(product.name.rsplit(' ').next().unwrap_or_default());
            line.money(product.cost(last, first, &company.stories)).money(product.price(
                last,
                first,
                &company.stories,
            ));
            line.text(if product.retired { "Y" } else { "N" }).date(last);
        })?;
    }
    stream.finish(out)
}

fn ledgers(company: &Company, out: &mut Out<'_>) -> io::Result<()> {
    let first = company.horizon.first;
    let mut stream = Stream::open(out, &file("oact", "AcctCode AcctName U_GrupoDRE"))?;
    for (code, name, group) in ACCOUNTS {
        stream.row(out, first, |line| {
            line.text(code).text(name).text(group);
        })?;
    }
    stream.finish(out)?;
    let mut stream = Stream::open(out, &file("oprc", "PrcCode PrcName U_Area"))?;
    for (code, name, area) in COST_CENTRES {
        stream.row(out, first, |line| {
            line.text(code).text(name).text(area);
        })?;
    }
    stream.finish(out)?;
    let mut stream =
        Stream::open(out, &file("oprj", "PrjCode PrjName U_Tipo U_Cidade U_UF ValidFrom ValidTo"))?;
    for (index, event) in company.events.iter().enumerate() {
        stream.row(out, first, |line| {
            line.text(&events::code(index)).text(&event.name).text(event.kind).text(event.city);
            line.text(PLACES[usize::from(event.place)].uf).date(event.from).date(event.to);
        })?;
    }
    stream.finish(out)
}

/// Two lines for each posting: the expense and its contra account.
fn postings(company: &Company, out: &mut Out<'_>) -> io::Result<()> {
    let columns = "TransId Line_ID RefDate Account ContraAct Debit Credit ProfitCode Project BPLId U_Canal U_UF LineMemo";
    let dirt = Dirt { doubled: 8, late: 8, broken: Some(Broken { date: 2, number: 5, key: "" }) };
    let mut stream = Stream::open(out, &plan("jdt1", "JDT1", columns, Layout::Folder, dirt))?;
    for (index, posting) in company.postings.iter().enumerate() {
        let (account, contra) =
            (ACCOUNTS[usize::from(posting.account)].0, ACCOUNTS[usize::from(posting.contra)].0);
        let Posting { amount, .. } = *posting;
        stream.row(out, posting.day, |line| {
            line.int(100_001 + index as i64).int(0).date(posting.day).text(account).text(contra);
            line.money(amount.max(0))
                .money((-amount).max(0))
                .text(COST_CENTRES[usize::from(posting.centre)].0);
            line.text(&posting.event.map(|event| events::code(event.into())).unwrap_or_default())
                .int(posting.filial.into());
            match posting.channel {
                Some(channel) => line.text(channel_text(company, channel, 203, index as u64)),
                None => line.text(channel_name(posting)),
            };
            line.text(posting.place.map_or("", |place| PLACES[usize::from(place)].uf)).text(posting.memo);
        })?;
        stream.row(out, posting.day, |line| {
            line.int(100_001 + index as i64).int(1).date(posting.day).text(contra).text(account);
            line.money((-amount).max(0)).money(amount.max(0)).empty().empty().int(posting.filial.into());
            line.empty().empty().text(posting.memo);
        })?;
    }
    stream.finish(out)
}

pub(crate) fn period_name(months: u8) -> &'static str {
    match months {
        1 => "Mensal",
        3 => "Trimestral",
        6 => "Semestral",
        _ => "Anual",
    }
}

fn contract_files(company: &Company, out: &mut Out<'_>) -> io::Result<()> {
    let columns =
        "ContratoId CardCode Produto Tipo Periodicidade DataInicio DataFim Status SlpCode UpdateDate";
    let doubled = Dirt { doubled: 10, ..Dirt::default() };
    let mut stream = Stream::open(out, &plan("contratos", "contratos", columns, Layout::File, doubled))?;
    for (index, contract) in company.contracts.iter().enumerate() {
        let (plan, kind) = PLANS[usize::from(contract.plan)];
        let ended = contract.ends_on().is_some_and(|end| end < company.horizon.last);
        stream.row(out, company.horizon.first, |line| {
            line.text(&contracts::code(index))
                .text(&customers::code(contract.customer as usize))
                .text(plan)
                .text(kind);
            line.text(period_name(contract.period))
                .date(contract.movements[0].day)
                .maybe_date(contract.ends_on());
            line.text(if ended { "Encerrado" } else { "Ativo" }).int(contract.seller.into());
            line.date(updated(company, contract, contract.movements.len() - 1));
        })?;
    }
    stream.finish(out)?;
    versions(company, out)?;
    movements(company, out)
}

/// A change is entered on its day, an announced one by the last day.
pub(crate) fn updated(company: &Company, contract: &Contract, movement: usize) -> Day {
    contract.movements[movement].day.min(company.horizon.last)
}

fn versions(company: &Company, out: &mut Out<'_>) -> io::Result<()> {
    let columns = "ContratoId Sequencia VigenciaInicio VigenciaFim Periodicidade ValorPeriodo UpdateDate";
    let doubled = Dirt { doubled: 6, ..Dirt::default() };
    let mut stream = Stream::open(
        out,
        &plan("contratos_vigencias", "contratos_vigencias", columns, Layout::File, doubled),
    )?;
    for (index, contract) in company.contracts.iter().enumerate() {
        for (place, movement) in
            contract.movements.iter().enumerate().filter(|(_, movement)| movement.after > 0)
        {
            let next = contract.movements.get(place + 1);
            let known = if next.is_some() { place + 1 } else { place };
            stream.row(out, company.horizon.first, |line| {
                line.text(&contracts::code(index)).int(place as i64 + 1).date(movement.day);
                line.maybe_date(next.map(|next| next.day - 1)).text(period_name(contract.period));
                line.money(movement.after * i64::from(contract.period))
                    .date(updated(company, contract, known));
            })?;
        }
    }
    stream.finish(out)
}

fn movements(company: &Company, out: &mut Out<'_>) -> io::Result<()> {
    let columns = "MovimentoId ContratoId Data Tipo ValorMensalAnterior ValorMensalNovo Delta";
    let doubled = Dirt { doubled: 6, ..Dirt::default() };
    let mut stream = Stream::open(
        out,
        &plan("contratos_movimentos", "contratos_movimentos", columns, Layout::File, doubled),
    )?;
    let mut number = 0;
    for (index, contract) in company.contracts.iter().enumerate() {
        for movement in &contract.movements {
            number += 1;
            stream.row(out, company.horizon.first, |line| {
                line.int(number).text(&contracts::code(index)).date(movement.day).text(movement.kind.name());
                line.money(movement.before).money(movement.after).money(movement.after - movement.before);
            })?;
        }
    }
    debug_assert!(company.contracts.iter().all(|contract| contract.movements[0].kind == MovementKind::New));
    stream.finish(out)
}

/// The month that is exported a second time with corrections, and the day on which that happened.
pub(crate) fn corrected_month(company: &Company) -> (i32, Day) {
    let month = company.horizon.last_month() - 3;
    (month, month_end(month) + 5)
}

/// Whether an invoice was wrong in the first export of that month.
pub(crate) fn corrected(company: &Company, invoice: usize) -> bool {
    month_of(company.invoices[invoice].day) == corrected_month(company).0
        && dirt::hits(company.seed, 204, invoice as u64, 12)
}
