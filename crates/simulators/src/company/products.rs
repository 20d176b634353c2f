//! The four hundred products: names, families, prices and costs over time.
//!
//! Invariant: a price is a multiple of 20 cents, so that 5 % and 10 % of any line are whole cents.

use crate::calendar::{self, Day};
use crate::random::Rng;
use crate::stories::Stories;

pub const FAMILIES: [&str; 8] =
    ["Eletrônicos", "Ferramentas", "EPI", "Elétrica", "Hidráulica", "Limpeza", "Climatização", "Embalagens"];

const NOUNS: [[&str; 10]; 8] = [
    [
        "Sensor de presença",
        "Fonte chaveada",
        "Câmera IP",
        "Roteador",
        "Leitor de código",
        "Nobreak",
        "Tablet industrial",
        "Switch de rede",
        "Balança digital",
        "Rádio comunicador",
    ],
    [
        "Furadeira",
        "Chave combinada",
        "Alicate universal",
        "Jogo de soquetes",
        "Esmerilhadeira",
        "Serra circular",
        "Trena",
        "Nível a laser",
        "Parafusadeira",
        "Morsa",
    ],
    [
        "Luva nitrílica",
        "Óculos de proteção",
        "Capacete",
        "Protetor auricular",
        "Bota de segurança",
        "Respirador",
        "Avental",
        "Cinto paraquedista",
        "Máscara de solda",
        "Colete refletivo",
    ],
    [
        "Disjuntor",
        "Cabo flexível",
        "Lâmpada LED",
        "Tomada industrial",
        "Contator",
        "Quadro de distribuição",
        "Relé térmico",
        "Eletroduto",
        "Refletor",
        "Interruptor",
    ],
    [
        "Registro esfera",
        "Tubo PVC",
        "Bomba centrífuga",
        "Válvula de retenção",
        "Conexão T",
        "Filtro de linha",
        "Caixa d'água",
        "Torneira",
        "Mangueira",
        "Hidrômetro",
    ],
    [
        "Detergente neutro",
        "Desinfetante",
        "Papel toalha",
        "Álcool 70",
        "Saco de lixo",
        "Vassoura",
        "Mop giratório",
        "Sabonete líquido",
        "Desengraxante",
        "Pano multiuso",
    ],
    [
        "Ar-condicionado split",
        "Ventilador industrial",
        "Exaustor",
        "Filtro HEPA",
        "Duto flexível",
        "Termostato",
        "Cortina de ar",
        "Umidificador",
        "Gás refrigerante",
        "Grelha de retorno",
    ],
    [
        "Caixa de papelão",
        "Fita adesiva",
        "Filme stretch",
        "Plástico bolha",
        "Palete PBR",
        "Etiqueta térmica",
        "Saco de ráfia",
        "Cinta de amarração",
        "Envelope de segurança",
        "Cantoneira",
    ],
];
const VARIANTS: [&str; 5] = ["Eco", "Padrão", "Plus", "Pro", "Premium"];
/// Typical price of a family in cents.
const PRICES: [f64; 8] = [26_000.0, 15_000.0, 4_200.0, 6_500.0, 7_800.0, 2_600.0, 32_000.0, 3_600.0];
/// Cost per thousand of the list price.
const COSTS: [f64; 8] = [280.0, 302.0, 297.0, 307.0, 313.0, 323.0, 286.0, 318.0];

#[derive(Debug, Clone)]
pub struct Product {
    pub name: String,
    pub family: u8,
    /// Cents, at the first month.
    list_price: i64,
    /// Per thousand of `list_price`.
    cost_ratio: f64,
    /// IPI per thousand.
    pub ipi: i64,
    pub retired: bool,
}

impl Product {
    /// Price of a unit in cents on a day: 5 % a year, each January, and what the stories say.
    pub fn price(&self, day: Day, first: Day, stories: &Stories) -> i64 {
        let factor = inflation(day, first) * stories.price_factor(self.family, day);
        (self.list_price as f64 * factor / 20.0 + 0.5) as i64 * 20
    }

    /// Cost of a unit in cents on a day.
    pub fn cost(&self, day: Day, first: Day, stories: &Stories) -> i64 {
        let wave = 1.0 + f64::from(calendar::month_of(day).rem_euclid(5) - 2) * 0.004;
        let factor = inflation(day, first) * stories.cost_factor(self.family, day) * wave;
        (self.list_price as f64 * self.cost_ratio * factor / 1000.0 + 0.5) as i64
    }
}

fn inflation(day: Day, first: Day) -> f64 {
    1.0 + 0.05 * f64::from(calendar::civil(day).0 - calendar::civil(first).0)
}

/// `P0001`.
pub fn code(index: usize) -> String {
    format!("P{:04}", index + 1)
}

pub fn generate(seed: u64) -> Vec<Product> {
    let mut rng = Rng::new(seed, "products");
    // Families alternate, so that the popular first products are of every family.
    let places = (0..VARIANTS.len()).flat_map(|variant| (0..10).map(move |noun| (variant, noun)));
    places
        .flat_map(|(variant, noun)| (0..8).map(move |family| (variant, noun, family)))
        .map(|place| product(place, &mut rng))
        .collect()
}

fn product((variant, noun, family): (usize, usize, usize), rng: &mut Rng) -> Product {
    let price = PRICES[family] * (0.7 + 0.25 * variant as f64) * rng.lognormal(1.0, 0.35);
    Product {
        name: format!("{} {}", NOUNS[family][noun], VARIANTS[variant]),
        family: family as u8,
        list_price: ((price / 20.0) as i64).max(15) * 20,
        cost_ratio: COSTS[family] * (0.94 + 0.12 * rng.unit()),
        ipi: [50, 30, 0, 50, 30, 0, 100, 0][family],
        retired: rng.chance(0.02),
    }
}
