//! Names of people and firms, and the forty sellers.
//!
//! Invariant: no seller is chosen for a day on which they did not work.

use super::Company;
use crate::calendar::{self, Day};
use crate::random::Rng;
use crate::stories::{TOP_SELLER, TOP_SELLER_FILIAL};

const FIRST: [&str; 40] = [
    "Ana",
    "Bruno",
    "Carla",
    "Daniel",
    "Eduarda",
    "Felipe",
    "Gabriela",
    "Henrique",
    "Isabela",
    "João",
    "Karina",
    "Lucas",
    "Mariana",
    "Nicolas",
    "Olívia",
    "Paulo",
    "Queila",
    "Rafael",
    "Sabrina",
    "Tiago",
    "Úrsula",
    "Vinícius",
    "Wesley",
    "Yasmin",
    "André",
    "Beatriz",
    "César",
    "Débora",
    "Emerson",
    "Fernanda",
    "Gustavo",
    "Helena",
    "Igor",
    "Juliana",
    "Leandro",
    "Mônica",
    "Otávio",
    "Patrícia",
    "Renato",
    "Simone",
];
const LAST: [&str; 36] = [
    "Almeida",
    "Barbosa",
    "Cardoso",
    "Dias",
    "Esteves",
    "Ferreira",
    "Gonçalves",
    "Hoffmann",
    "Iglesias",
    "Jardim",
    "Krüger",
    "Lima",
    "Machado",
    "Nogueira",
    "Oliveira",
    "Pereira",
    "Queiroz",
    "Ribeiro",
    "Souza",
    "Teixeira",
    "Uchôa",
    "Vasconcelos",
    "Xavier",
    "Zanetti",
    "Araújo",
    "Bittencourt",
    "Carvalho",
    "Duarte",
    "Fagundes",
    "Guimarães",
    "Leite",
    "Moraes",
    "Pinheiro",
    "Rocha",
    "Schneider",
    "Tavares",
];
const TRADE: [&str; 14] = [
    "Comercial",
    "Casa",
    "Grupo",
    "Depósito",
    "Empório",
    "Armazém",
    "Mercado",
    "Distribuidora",
    "Oficina",
    "Indústria",
    "Rede",
    "Central",
    "Atacado",
    "Loja",
];
const SUFFIX: [&str; 5] = ["Ltda", "ME", "S.A.", "EPP", "& Filhos Ltda"];

/// A seller; the code is the position + 1.
#[derive(Debug, Clone)]
pub struct Seller {
    pub name: String,
    pub email: String,
    pub filial: u8,
    pub hunter: bool,
    pub admitted: Day,
    pub left: Option<Day>,
}

impl Seller {
    pub fn works_on(&self, day: Day) -> bool {
        self.admitted <= day && self.left.is_none_or(|left| day < left)
    }
}

/// Name and e-mail address of the `index`-th person of the house.
pub fn person(rng: &mut Rng) -> String {
    let (first, middle, last) = (*rng.pick(&FIRST), *rng.pick(&LAST), *rng.pick(&LAST));
    if middle == last { format!("{first} {last}") } else { format!("{first} {middle} {last}") }
}

/// Address at the company: folded to ASCII, unique by `number`.
pub fn email(name: &str, number: usize) -> String {
    let folded = crate::dirt::fold(name).to_lowercase();
    let mut parts = folded.split(' ');
    let first = parts.next().unwrap_or_default();
    let last = parts.next_back().unwrap_or_default();
    format!("{first}.{last}{number}@serraazul.example")
}

/// Name of a customer or prospect.
pub fn firm(rng: &mut Rng, segment: u8) -> (String, String) {
    const BY_SEGMENT: [&str; 6] = ["Varejo", "Industrial", "Clínica", "Colégio", "Agrícola", "Serviços"];
    let family = *rng.pick(&LAST);
    let trade = if rng.chance(0.35) { BY_SEGMENT[usize::from(segment)] } else { *rng.pick(&TRADE) };
    let name = if rng.chance(0.3) {
        format!("{trade} {family} {}", rng.pick(&LAST))
    } else {
        format!("{trade} {family}")
    };
    let legal = format!("{name} {}", rng.pick(&SUFFIX));
    (name, legal)
}

/// A registration number in the form of a CNPJ whose check digits are wrong on purpose, so that no real firm is named.
pub fn cnpj(number: u32) -> String {
    let root = 10_000_000 + number * 37 % 89_000_000;
    let digits: Vec<u32> = format!("{root:08}0001").bytes().map(|byte| u32::from(byte - b'0')).collect();
    let weights = [5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2];
    let sum: u32 = digits.iter().zip(weights).map(|(digit, weight)| digit * weight).sum();
    let right = if sum % 11 < 2 { 0 } else { 11 - sum % 11 };
    let text = format!("{root:08}");
    format!("{}.{}.{}/0001-{}{}", &text[..2], &text[2..5], &text[5..], (right + 1) % 10, number % 10)
}

/// Forty sellers in five filiais.
pub fn sellers(company: &Company) -> Vec<Seller> {
    const FILIAL_OF: [(u8, usize); 5] = [(1, 10), (2, 12), (3, 8), (4, 6), (5, 4)];
    let mut rng = Rng::new(company.seed, "sellers");
    let stories = &company.stories;
    let mut sellers = Vec::with_capacity(40);
    for (filial, count) in FILIAL_OF {
        for place in 0..count {
            let code = sellers.len() + 1;
            let name = person(&mut rng);
            let mut admitted = company.horizon.first - rng.between(30, 2500) as Day;
            let mut left = None;
            if filial == 5 {
                admitted = stories.recife_opens - rng.between(5, 40) as Day;
            } else if code == usize::from(TOP_SELLER) {
                left = Some(stories.top_seller.from + 3);
            } else if filial == TOP_SELLER_FILIAL && place == 11 {
                admitted = calendar::month_start(calendar::month_of(stories.top_seller.to) + 1);
            } else if place == 4 {
                admitted = company.horizon.first + rng.between(100, 700) as Day;
            } else if place == 5 {
                left = Some(company.horizon.first + rng.between(300, 900) as Day);
            }
            let email = email(&name, code);
            sellers.push(Seller { name, email, filial, hunter: place % 3 == 0, admitted, left });
        }
    }
    sellers
}

/// Code of a seller of the filial who works on the day; of the head office when there is none.
pub fn seller_for(sellers: &[Seller], filial: u8, day: Day, rng: &mut Rng) -> u16 {
    let code_in = |wanted: u8, rng: &mut Rng| {
        let there: Vec<u16> = sellers
            .iter()
            .enumerate()
            .filter(|(_, seller)| seller.filial == wanted && seller.works_on(day))
            .map(|(index, _)| index as u16 + 1)
            .collect();
        if there.is_empty() { None } else { Some(*rng.pick(&there)) }
    };
    code_in(filial, rng).or_else(|| code_in(1, rng)).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registration_number_never_has_right_check_digits() {
        let text = cnpj(12345);
        let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(10)).collect();
        assert_eq!(digits.len(), 14);
        let weights = [5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2];
        let sum: u32 = digits.iter().zip(weights).map(|(digit, weight)| digit * weight).sum();
        let right = if sum % 11 < 2 { 0 } else { 11 - sum % 11 };
        assert_ne!(digits[12], right);
    }
}
