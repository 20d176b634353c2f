//! Writes one page with every sample chart in light and dark, to be looked at beside the design's own pages.
//!
//!     cargo run -p chart --example gallery -- DESIGN_DIR OUT_DIR
//!
//! DESIGN_DIR holds tokens.css and mirante.css, and inter.woff2 if there is one. Writes light.html and dark.html.

#[path = "../tests/it/samples.rs"]
#[expect(dead_code, reason = "names are for the golden files")]
mod samples;

use chart::{CSS, ChartSpec, Text, draw, words};
use std::fmt::Write;
use std::{env, fs, path::Path};

fn main() {
    let mut args = env::args().skip(1);
    let (Some(design), Some(out)) = (args.next(), args.next()) else {
        eprintln!("usage: gallery DESIGN_DIR OUT_DIR");
        std::process::exit(2);
    };
    let (design, out) = (Path::new(&design), Path::new(&out));
    let read = |name: &str| {
        fs::read_to_string(design.join(name)).unwrap_or_else(|error| panic!("`{name}`: {error}"))
    };
    let css = read("tokens.css") + &read("mirante.css") + CSS;
    let overview = read("overview.html");
    // The sprite of signs and icons that deltas refer to.
    let start = overview.find("<svg hidden>").expect("overview.html holds the sprite");
    let end = start + overview[start..].find("\n</svg>").expect("the sprite ends") + 7;
    let sprite = &overview[start..end];
    for theme in ["light", "dark"] {
        let mut page = format!(
            "<!doctype html><html lang=\"pt-BR\" data-theme=\"{theme}\"><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>Gallery</title>\
             <style>{css}</style><style>@font-face{{font-family:Inter;src:url(inter.woff2);font-weight:100 900}}</style>\
             <body>{sprite}<main class=\"page\"><div class=\"grid\">"
        );
        for sample in samples::all() {
            let tick = |value: f64, step: f64| sample.axis.tick(value, step);
            let drawing = draw(&sample.spec, &Text { words: &words::PT_BR, tick: &tick });
            let picture = match sample.spec {
                ChartSpec::Sparkline(_) => format!("<div class=\"kpi\">{}</div>", drawing.html),
                _ => drawing.html,
            };
            let _ = write!(
                page,
                "<section class=\"tile s{}\"><header class=\"tile-head\"><div><h2>{}</h2><p>{}</p></div></header>{picture}\
                 <footer class=\"tile-foot\">{}</footer></section>",
                sample.span, sample.title, sample.subtitle, drawing.summary
            );
        }
        page += "</div></main>";
        fs::write(out.join(format!("{theme}.html")), page).expect("the gallery can be written");
    }
}
