//! The 27 UFs with their cities, and the five filiais.
//!
//! Invariant: a city has one right spelling, here.

use crate::calendar::Day;

/// A UF.
#[derive(Debug)]
pub struct Place {
    pub uf: &'static str,
    pub region: &'static str,
    /// Share of the business, in no unit.
    pub weight: f64,
    pub ddd: u8,
    /// Largest customer city first.
    pub cities: &'static [&'static str],
}

const fn place(
    uf: &'static str,
    region: &'static str,
    weight: f64,
    ddd: u8,
    cities: &'static [&'static str],
) -> Place {
    Place { uf, region, weight, ddd, cities }
}

pub const PLACES: [Place; 27] = [
    place(
        "SP",
        "Sudeste",
        24.0,
        11,
        &["São Paulo", "Campinas", "Guarulhos", "Ribeirão Preto", "Sorocaba", "Santos"],
    ),
    place("PR", "Sul", 14.0, 41, &["Curitiba", "Londrina", "Maringá", "Cascavel", "Ponta Grossa"]),
    place("SC", "Sul", 9.0, 47, &["Joinville", "Florianópolis", "Blumenau", "Chapecó"]),
    place("RS", "Sul", 9.0, 51, &["Porto Alegre", "Caxias do Sul", "Pelotas", "Santa Maria"]),
    place("MG", "Sudeste", 9.0, 31, &["Belo Horizonte", "Uberlândia", "Contagem", "Juiz de Fora"]),
    place("RJ", "Sudeste", 7.0, 21, &["Rio de Janeiro", "Niterói", "Duque de Caxias", "Petrópolis"]),
    place("ES", "Sudeste", 2.2, 27, &["Vitória", "Vila Velha", "Serra"]),
    place("GO", "Centro-Oeste", 3.2, 62, &["Goiânia", "Anápolis", "Rio Verde"]),
    place("DF", "Centro-Oeste", 2.2, 61, &["Brasília"]),
    place("MT", "Centro-Oeste", 2.4, 65, &["Cuiabá", "Rondonópolis", "Sinop"]),
    place("MS", "Centro-Oeste", 2.0, 67, &["Campo Grande", "Dourados"]),
    place("BA", "Nordeste", 3.4, 71, &["Salvador", "Feira de Santana", "Vitória da Conquista"]),
    place("PE", "Nordeste", 3.0, 81, &["Recife", "Jaboatão dos Guararapes", "Caruaru"]),
    place("CE", "Nordeste", 2.4, 85, &["Fortaleza", "Caucaia", "Sobral"]),
    place("RN", "Nordeste", 0.9, 84, &["Natal", "Mossoró"]),
    place("PB", "Nordeste", 0.9, 83, &["João Pessoa", "Campina Grande"]),
    place("AL", "Nordeste", 0.7, 82, &["Maceió", "Arapiraca"]),
    place("SE", "Nordeste", 0.6, 79, &["Aracaju"]),
    place("MA", "Nordeste", 0.9, 98, &["São Luís", "Imperatriz"]),
    place("PI", "Nordeste", 0.6, 86, &["Teresina", "Parnaíba"]),
    place("PA", "Norte", 1.3, 91, &["Belém", "Santarém", "Marabá"]),
    place("AM", "Norte", 1.0, 92, &["Manaus"]),
    place("RO", "Norte", 0.6, 69, &["Porto Velho", "Ji-Paraná"]),
    place("TO", "Norte", 0.5, 63, &["Palmas", "Araguaína"]),
    place("AC", "Norte", 0.3, 68, &["Rio Branco"]),
    place("AP", "Norte", 0.3, 96, &["Macapá"]),
    place("RR", "Norte", 0.2, 95, &["Boa Vista"]),
];

/// A branch: (BPLId, name, city, UF).
pub const FILIAIS: [(u8, &str, &str, &str); 5] = [
    (1, "Serra Azul Matriz Curitiba", "Curitiba", "PR"),
    (2, "Serra Azul São Paulo", "São Paulo", "SP"),
    (3, "Serra Azul Belo Horizonte", "Belo Horizonte", "MG"),
    (4, "Serra Azul Porto Alegre", "Porto Alegre", "RS"),
    (5, "Serra Azul Recife", "Recife", "PE"),
];

/// The filial that serves a UF on a day; filial 5 takes the North-East and the near North when it opens.
pub fn filial_of(place: &Place, day: Day, recife_opens: Day) -> u8 {
    match place.uf {
        "PR" | "SC" => 1,
        "RS" => 4,
        "MG" | "ES" | "GO" | "DF" => 3,
        "PA" | "AP" | "TO" if day >= recife_opens => 5,
        _ if place.region == "Nordeste" => {
            if day >= recife_opens {
                5
            } else {
                3
            }
        }
        _ => 2,
    }
}

/// Business days that a delivery usually takes from the filial to the UF.
pub fn usual_days(place: &Place, filial: u8) -> i32 {
    let home = FILIAIS[usize::from(filial) - 1].3;
    let home_region = PLACES.iter().find(|place| place.uf == home).map_or("", |place| place.region);
    match place.region {
        _ if place.uf == home => 3,
        region if region == home_region => 4,
        "Norte" | "Nordeste" => 7,
        _ => 5,
    }
}
