//! One's own account: where one is signed in, and one's password.
//!
//! Invariant: it shows nobody else's sessions.

use super::entry::{new_password, password_input, refusal};
use super::people_words::Words;
use super::source_page::{heads, section};
use super::uploads::notice;
use super::{Posted, Telling, entry, entry_words};
use crate::components::still::{Html, all, el};
use crate::routes;
use contract::people::{Access, Account};

pub fn page(account: &Account, posted: &Posted, telling: &Telling) -> Html {
    let words = Words::of(telling.lang);
    let rows: Vec<Html> = account.accesses.iter().map(|access| row(access, telling)).collect();
    let head =
        heads(&[("", words.device), ("", words.address), ("", words.began), ("", words.seen), ("r", "")]);
    let table = el("table", &[("class", "table stacked accesses")], (head, el("tbody", &[], rows)));
    let others = (account.accesses.len() > 1).then(|| {
        let button = el("button", &[("class", "btn sm"), ("id", "encerrar-outras")], words.end_others);
        el("form", &[("class", "acts"), ("method", "post"), ("action", routes::END_ACCESS)], button)
    });
    let refused = posted.person.refused.as_ref().map(|why| {
        let said = all((el("b", &[], words.not_done), ". ", refusal(why, telling.lang)));
        notice("bad", said, "recusa", "alert")
    });
    let password =
        if account.has_password { password(telling) } else { el("p", &[("class", "note")], words.no_email) };
    let who = [account.email.as_deref(), Some(account.roles.join(", ").as_str())]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" · ");
    let people = account.manages_people.then(|| {
        el("a", &[("class", "btn sm"), ("href", routes::PEOPLE), ("rel", "external")], words.to_people)
    });
    let out = el("button", &[("class", "btn sm"), ("form", "sair")], words.sign_out);
    let acts = el("p", &[("class", "acts")], (people, out));
    let parts = (
        section("s12", "conta", (&account.name, &who), None, acts),
        section("s12", "acessos", (words.accesses, words.accesses_more), None, all((table, others))),
        account.has_password.then(|| step(account, posted, telling)),
        section("s12", "senha", (words.own_password, words.own_password_more), None, password),
    );
    all((refused, el("div", &[("class", "grid first")], parts)))
}

fn row(access: &Access, telling: &Telling) -> Html {
    let words = Words::of(telling.lang);
    let end = (!access.is_this).then(|| {
        let id = el("input", &[("type", "hidden"), ("name", "id"), ("value", &access.id)], ());
        let button = el("button", &[("class", "btn sm")], words.end);
        el("form", &[("method", "post"), ("action", routes::END_ACCESS)], (id, button))
    });
    let this = access.is_this.then(|| el("small", &[], format!(" · {}", words.this)));
    let cells = (
        el("th", &[("scope", "row"), ("title", &access.agent)], (device(&access.agent, words), this)),
        el("td", &[], access.address.as_str()),
        el("td", &[("data-label", words.began)], telling.moment(&access.began_at)),
        el("td", &[("data-label", words.seen)], telling.moment(&access.seen_at)),
        el("td", &[("class", "r")], end),
    );
    el("tr", &[], cells)
}

fn password(telling: &Telling) -> Html {
    let (words, entry_words) = (Words::of(telling.lang), entry_words::Words::of(telling.lang));
    let fields = (
        entry::field(words.present, "", password_input("present", "current-password")),
        new_password(words.new_one, entry_words),
        el("p", &[("class", "acts")], el("button", &[("class", "btn primary")], words.change)),
    );
    el("form", &[("class", "told"), ("method", "post"), ("action", routes::OWN_PASSWORD)], fields)
}

/// The second step: as it stands, as it is being set up, or its recovery codes.
fn step(account: &Account, posted: &Posted, telling: &Telling) -> Html {
    let (words, entry_words) = (Words::of(telling.lang), entry_words::Words::of(telling.lang));
    let form = |action: &str, fields: Html| {
        el("form", &[("class", "told"), ("method", "post"), ("action", action)], fields)
    };
    let act =
        |class: &str, label: &str| el("p", &[("class", "acts")], el("button", &[("class", class)], label));
    let present = || entry::field(words.present, "", password_input("present", "current-password"));
    let body = if let Some(new) = &posted.person.step {
        let secret = el("code", &[("id", "segredo")], new.secret.as_str());
        let scan = all((
            el("p", &[("class", "note")], words.step_scan),
            el(
                "div",
                &[("class", "qr"), ("role", "img"), ("aria-label", words.secret)],
                Html(new.picture.clone()),
            ),
            el("p", &[("class", "note")], (words.secret, ": ", secret)),
        ));
        let hidden = el("input", &[("type", "hidden"), ("name", "secret"), ("value", &new.secret)], ());
        let code = entry::field(entry_words.code, entry_words.code_help, entry::code_input(""));
        all((
            scan,
            form(
                routes::CONFIRM_CODE,
                all((hidden, code, present(), act("btn primary", words.step_confirm))),
            ),
        ))
    } else if let Some(left) = account.recovery_codes {
        let codes = posted.person.recovery.as_ref().map(|codes| {
            let codes: Vec<Html> =
                codes.iter().map(|code| el("li", &[], el("code", &[], code.as_str()))).collect();
            let said = el("p", &[], (el("b", &[], words.recovery), ". ", words.recovery_more));
            el(
                "div",
                &[("class", "recovery"), ("role", "status")],
                (said, el("ul", &[("id", "recuperacao")], codes)),
            )
        });
        let state = format!("{} {left} {}", words.step_on, words.codes_left);
        all((
            codes,
            el("p", &[("class", "note")], state),
            form(routes::DROP_CODE, all((present(), act("btn danger", words.step_drop)))),
        ))
    } else {
        let button = act("btn", words.step_begin);
        let begin = el("form", &[("method", "post"), ("action", routes::OWN_CODE)], button);
        all((el("p", &[("class", "note")], words.step_off), begin))
    };
    section("s12", "codigo", (words.step, words.step_more), None, body)
}

/// `Chrome · Windows`: what people know of what a browser says of itself.
fn device(agent: &str, words: &Words) -> String {
    // Each says that it is the ones after it too.
    const BROWSERS: [(&str, &str); 6] = [
        ("Edg", "Edge"),
        ("OPR", "Opera"),
        ("SamsungBrowser", "Samsung Internet"),
        ("Firefox", "Firefox"),
        ("Chrome", "Chrome"),
        ("Safari", "Safari"),
    ];
    const SYSTEMS: [(&str, &str); 6] = [
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("Linux", "Linux"),
    ];
    let named = |names: [(&'static str, &'static str); 6]| {
        names.into_iter().find(|(sign, _)| agent.contains(sign)).map(|(_, name)| name)
    };
    match (named(BROWSERS), named(SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser} · {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => words.unknown_device.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use locale::Lang;

    #[test]
    fn devices_are_called_as_people_call_them() {
        let words = Words::of(Lang::PtBr);
        let chrome = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36";
        assert_eq!(device(chrome, words), "Chrome · Windows");
        assert_eq!(device(&format!("{chrome} Edg/142.0"), words), "Edge · Windows");
        let phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) AppleWebKit/605.1.15 Version/26.0 Mobile Safari/604.1";
        assert_eq!(device(phone, words), "Safari · iPhone");
        assert_eq!(device("curl/8", words), "Navegador");
    }
}
