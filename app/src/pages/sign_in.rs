//! How to sign in: for now, by the link that the server prints.
//!
//! Takes no password. Invariant: it tells nothing about the company to whoever is not signed in.

use crate::components::icons::mark;
use crate::components::still::{all, el};
use crate::texts::Texts;
use leptos::prelude::*;
use leptos_meta::Title;

#[component]
pub fn SignInPage() -> impl IntoView {
    let texts = expect_context::<&'static Texts>();
    let brand = all((mark(), el("span", &[], "Mirante"))).0;
    view! {
        <Title text=format!("{} · Mirante", texts.sign_in)/>
        <main class="auth-main" id="conteudo">
            <section class="auth-form">
                <a class="brand" href="/entrar" inner_html=brand></a>
                <div class="how">
                    <h1>{texts.sign_in}</h1>
                    <p>{texts.sign_in_how}</p>
                    <p class="mute">{texts.sign_in_where}</p>
                    <p class="mute">{texts.sign_in_again}</p>
                </div>
                <p class="mute foot">{texts.data_stay_here}</p>
            </section>
            <aside class="auth-view" aria-hidden="true">
                <p><b>{texts.mirante_word}</b> " " <span>{texts.mirante_meaning}</span></p>
                <svg viewBox="0 0 800 420" preserveAspectRatio="xMidYMax slice">
                    <path class="h" d="M0 120H800M0 180H800M0 240H800M0 300H800M0 360H800"></path>
                    <path class="r2" d="M0 318 70 296 128 306 206 262 262 282 330 236 402 270 470 228 548 262 620 214 700 250 800 206"></path>
                    <path class="r" d="M0 372 96 338 160 354 238 300 300 330 372 262 430 296 520 196 588 262 650 236 722 290 800 262"></path>
                    <circle cx="520" cy="196" r="9"></circle>
                </svg>
            </aside>
        </main>
    }
}
