//! Scalar functions that dbt's cross-database macros and our packs need and DataFusion lacks, with DuckDB's meaning.
//!
//! Aggregates and everything that DataFusion has stay DataFusion's. Invariant: a null argument gives null.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Date32Array, Int64Array, StringArray, TimestampMicrosecondArray};
use arrow::compute::{max, min};
use arrow::datatypes::{DataType, Int64Type, TimeUnit, TimestampMicrosecondType};
use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveDateTime, TimeDelta};
use deltalake::datafusion::common::ScalarValue;
use deltalake::datafusion::error::{DataFusionError, Result};
use deltalake::datafusion::execution::FunctionRegistry;
use deltalake::datafusion::execution::session_state::SessionState;
use deltalake::datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

/// Adds all functions of this file.
pub(crate) fn register(state: &mut SessionState) -> Result<()> {
    for work in [Work::DateDiff, Work::DateAdd, Work::LastDay, Work::PeriodStart, Work::StripAccents] {
        state.register_udf(Arc::new(ScalarUDF::from(Function {
            work,
            signature: Signature::user_defined(Volatility::Immutable),
            aliases: work.aliases().iter().map(|name| (*name).to_string()).collect(),
        })))?;
    }
    Ok(())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Work {
    /// `datediff(part, from, to)`: how many borders of `part` lie between the two; a week starts on Monday.
    DateDiff,
    /// `dateadd(part, number, from)`: a timestamp; a day that the month lacks becomes the month's last.
    DateAdd,
    /// `last_day(from)`: the last day of the month.
    LastDay,
    /// `period_start(grain, day)`: the first day of the day's week (from Monday), month, quarter or year.
    PeriodStart,
    /// `strip_accents(text)`: Latin letters without their marks.
    StripAccents,
}

impl Work {
    fn name(self) -> &'static str {
        match self {
            Work::DateDiff => "datediff",
            Work::DateAdd => "dateadd",
            Work::LastDay => "last_day",
            Work::PeriodStart => "period_start",
            Work::StripAccents => "strip_accents",
        }
    }

    fn aliases(self) -> &'static [&'static str] {
        match self {
            Work::DateDiff => &["date_diff"],
            Work::DateAdd => &["date_add"],
            Work::LastDay | Work::PeriodStart | Work::StripAccents => &[],
        }
    }

    fn arguments(self) -> Vec<DataType> {
        let time = DataType::Timestamp(TimeUnit::Microsecond, None);
        match self {
            Work::DateDiff => vec![DataType::Utf8, time.clone(), time],
            Work::DateAdd => vec![DataType::Utf8, DataType::Int64, time],
            Work::LastDay => vec![time],
            Work::PeriodStart => vec![DataType::Utf8, DataType::Date32],
            Work::StripAccents => vec![DataType::Utf8],
        }
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Function {
    work: Work,
    signature: Signature,
    aliases: Vec<String>,
}

impl ScalarUDFImpl for Function {
    fn name(&self) -> &str {
        self.work.name()
    }

    fn aliases(&self) -> &[String] {
        &self.aliases
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        let wanted = self.work.arguments();
        if given.len() != wanted.len() {
            let (name, wanted, given) = (self.name(), wanted.len(), given.len());
            return Err(DataFusionError::Plan(format!(
                "{name} takes {wanted} arguments, {given} were given"
            )));
        }
        Ok(wanted)
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(match self.work {
            Work::DateDiff => DataType::Int64,
            Work::DateAdd => DataType::Timestamp(TimeUnit::Microsecond, None),
            Work::LastDay | Work::PeriodStart => DataType::Date32,
            Work::StripAccents => DataType::Utf8,
        })
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        if let (Work::PeriodStart, [ColumnarValue::Scalar(ScalarValue::Utf8(Some(grain))), days]) =
            (self.work, args.args.as_slice())
        {
            let days = days.to_array(args.number_rows)?;
            return Ok(ColumnarValue::Array(Arc::new(period_start(grain, days.as_primitive())?)));
        }
        let columns = ColumnarValue::values_to_arrays(&args.args)?;
        let answer: ArrayRef = match self.work {
            Work::DateDiff => Arc::new(date_diff(&columns)?),
            Work::DateAdd => Arc::new(date_add(&columns)?),
            Work::LastDay => Arc::new(last_day(&columns[0])),
            Work::PeriodStart => {
                return Err(DataFusionError::Plan("period_start takes its grain as a text".to_owned()));
            }
            Work::StripAccents => {
                let texts = columns[0].as_string::<i32>().iter();
                Arc::new(texts.map(|text| text.map(strip_accents)).collect::<StringArray>())
            }
        };
        Ok(ColumnarValue::Array(answer))
    }
}

fn times(column: &ArrayRef) -> impl Iterator<Item = Option<NaiveDateTime>> {
    let times = column.as_primitive::<TimestampMicrosecondType>();
    times.iter().map(|time| Some(DateTime::from_timestamp_micros(time?)?.naive_utc()))
}

fn date_diff(columns: &[ArrayRef]) -> Result<Int64Array> {
    let parts = columns[0].as_string::<i32>().iter();
    let pairs = times(&columns[1]).zip(times(&columns[2]));
    let differences = parts.zip(pairs).map(|row| match row {
        (Some(part), (Some(from), Some(to))) => Ok(Some(border(part, to)? - border(part, from)?)),
        _ => Ok(None),
    });
    differences.collect()
}

/// How many borders of `part` a moment has behind it.
fn border(part: &str, moment: NaiveDateTime) -> Result<i64> {
    const MONDAY_TO_MONDAY: i64 = 7;
    let days = i64::from(moment.date().num_days_from_ce());
    let months = i64::from(moment.year()) * 12 + i64::from(moment.month0());
    let micros = moment.and_utc().timestamp_micros();
    Ok(match part.to_ascii_lowercase().as_str() {
        "year" => i64::from(moment.year()),
        "quarter" => months.div_euclid(3),
        "month" => months,
        // Day 1 of the common era was a Monday.
        "week" => (days - 1).div_euclid(MONDAY_TO_MONDAY),
        "day" => days,
        "hour" => micros.div_euclid(3_600_000_000),
        "minute" => micros.div_euclid(60_000_000),
        "second" => micros.div_euclid(1_000_000),
        "millisecond" => micros.div_euclid(1_000),
        "microsecond" => micros,
        _ => return Err(unknown_part(part)),
    })
}

fn unknown_part(part: &str) -> DataFusionError {
    DataFusionError::Execution(format!(
        "`{part}` is not a part of a date; use year, quarter, month, week, day, hour, minute, second, millisecond or microsecond"
    ))
}

fn date_add(columns: &[ArrayRef]) -> Result<TimestampMicrosecondArray> {
    let parts = columns[0].as_string::<i32>().iter();
    let numbers = columns[1].as_primitive::<Int64Type>().iter();
    let rows = parts.zip(numbers).zip(times(&columns[2]));
    let sums = rows.map(|row| match row {
        ((Some(part), Some(number)), Some(from)) => {
            let Some(sum) = moved(part, number, from)? else {
                return Err(DataFusionError::Execution(format!(
                    "{from} plus {number} {part} is beyond the calendar"
                )));
            };
            Ok(Some(sum.and_utc().timestamp_micros()))
        }
        _ => Ok(None),
    });
    sums.collect()
}

/// `None` when the sum is beyond the calendar.
fn moved(part: &str, number: i64, from: NaiveDateTime) -> Result<Option<NaiveDateTime>> {
    let months = |each: i64| {
        let total = number.checked_mul(each)?;
        let size = Months::new(u32::try_from(total.unsigned_abs()).ok()?);
        if total < 0 { from.checked_sub_months(size) } else { from.checked_add_months(size) }
    };
    let days = |each: i64| {
        let total = number.checked_mul(each)?;
        let size = Days::new(total.unsigned_abs());
        if total < 0 { from.checked_sub_days(size) } else { from.checked_add_days(size) }
    };
    let micros = |each: i64| {
        let total = number.checked_mul(each)?;
        from.checked_add_signed(TimeDelta::microseconds(total))
    };
    Ok(match part.to_ascii_lowercase().as_str() {
        "year" => months(12),
        "quarter" => months(3),
        "month" => months(1),
        "week" => days(7),
        "day" => days(1),
        "hour" => micros(3_600_000_000),
        "minute" => micros(60_000_000),
        "second" => micros(1_000_000),
        "millisecond" => micros(1_000),
        "microsecond" => micros(1),
        _ => return Err(unknown_part(part)),
    })
}

/// Days from 0001-01-01, as chrono counts them, to 1970-01-01.
const EPOCH: i32 = 719_163;

/// Rows repeat days: each day between the first and the last is looked at once, unless they lie so far apart that the rows are fewer.
fn period_start(grain: &str, days: &Date32Array) -> Result<Date32Array> {
    let (Some(first), Some(last)) = (min(days), max(days)) else { return Ok(days.clone()) };
    let start = start_of(grain).ok_or_else(|| unknown_part(grain))?;
    let beyond =
        |day: i32| DataFusionError::Execution(format!("day {day} since 1970 is beyond the calendar"));
    if i64::from(last) - i64::from(first) < days.len() as i64 {
        let starts: Vec<i32> =
            (first..=last).map(|day| start(day).ok_or_else(|| beyond(day))).collect::<Result<_>>()?;
        // What stands behind a null may be any number.
        return Ok(days.unary(|day| {
            starts.get((i64::from(day) - i64::from(first)) as usize).copied().unwrap_or_default()
        }));
    }
    days.try_unary(|day| start(day).ok_or_else(|| beyond(day)))
}

/// The first day of the period that a day belongs to, both counted from 1970-01-01; no day is beyond the calendar that `None` stands for.
fn start_of(grain: &str) -> Option<fn(i32) -> Option<i32>> {
    fn first(day: i32, month: impl Fn(u32) -> u32) -> Option<i32> {
        let date = NaiveDate::from_num_days_from_ce_opt(day.checked_add(EPOCH)?)?;
        let first = NaiveDate::from_ymd_opt(date.year(), month(date.month0()) + 1, 1)?;
        Some(first.num_days_from_ce() - EPOCH)
    }
    Some(match grain {
        "day" => Some,
        // 1970-01-01 was a Thursday.
        "week" => |day| day.checked_sub(day.checked_add(3)?.rem_euclid(7)),
        "month" => |day| first(day, |month| month),
        "quarter" => |day| first(day, |month| month / 3 * 3),
        "year" => |day| first(day, |_| 0),
        _ => return None,
    })
}

fn last_day(column: &ArrayRef) -> Date32Array {
    let last = times(column).map(|time| {
        let first = time?.date().with_day(1)?;
        let last = first.checked_add_months(Months::new(1))?.pred_opt()?;
        Some(last.num_days_from_ce() - EPOCH)
    });
    last.collect()
}

/// Latin letters without their marks, and without combining marks; everything else stays.
fn strip_accents(text: &str) -> String {
    if text.is_ascii() {
        return text.to_string();
    }
    text.chars().filter(|letter| !matches!(letter, '\u{300}'..='\u{36f}')).map(plain_letter).collect()
}

fn plain_letter(letter: char) -> char {
    match letter {
        'à'..='å' | 'ā' | 'ă' | 'ą' => 'a',
        'ç' | 'ć' | 'č' => 'c',
        'è'..='ë' | 'ē' | 'ę' | 'ě' => 'e',
        'ì'..='ï' | 'ī' => 'i',
        'ñ' | 'ń' | 'ň' => 'n',
        'ò'..='ö' | 'ō' | 'ő' => 'o',
        'ù'..='ü' | 'ū' | 'ů' | 'ű' => 'u',
        'ý' | 'ÿ' => 'y',
        'š' | 'ś' => 's',
        'ž' | 'ź' | 'ż' => 'z',
        'À'..='Å' | 'Ā' | 'Ă' | 'Ą' => 'A',
        'Ç' | 'Ć' | 'Č' => 'C',
        'È'..='Ë' | 'Ē' | 'Ę' | 'Ě' => 'E',
        'Ì'..='Ï' | 'Ī' => 'I',
        'Ñ' | 'Ń' | 'Ň' => 'N',
        'Ò'..='Ö' | 'Ō' | 'Ő' => 'O',
        'Ù'..='Ü' | 'Ū' | 'Ů' | 'Ű' => 'U',
        'Ý' | 'Ÿ' => 'Y',
        'Š' | 'Ś' => 'S',
        'Ž' | 'Ź' | 'Ż' => 'Z',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::Array;

    fn moment(text: &str) -> NaiveDateTime {
        NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap()
    }

    #[test]
    fn datediff_counts_the_borders_between() {
        let cases = [
            ("day", "2026-01-31 23:59", "2026-02-01 00:01", 1),
            ("month", "2026-01-31 23:59", "2026-02-01 00:01", 1),
            ("month", "2026-01-01 00:00", "2026-01-31 00:00", 0),
            ("week", "2026-06-28 12:00", "2026-06-29 12:00", 1),
            ("week", "2026-06-29 12:00", "2026-07-05 12:00", 0),
            ("quarter", "2025-12-31 00:00", "2026-01-01 00:00", 1),
            ("year", "2026-12-31 00:00", "2026-01-01 00:00", 0),
            ("hour", "2026-01-01 10:59", "2026-01-01 09:00", -1),
        ];
        for (part, from, to, expected) in cases {
            let counted = border(part, moment(to)).unwrap() - border(part, moment(from)).unwrap();
            assert_eq!(counted, expected, "{part} {from} {to}");
        }
        assert!(border("fortnight", moment("2026-01-01 00:00")).is_err());
    }

    #[test]
    fn dateadd_keeps_to_the_last_day_of_a_shorter_month() {
        let sum = moved("month", 1, moment("2026-01-31 08:00")).unwrap().unwrap();
        assert_eq!(sum, moment("2026-02-28 08:00"));
        let sum = moved("week", -1, moment("2026-01-03 08:00")).unwrap().unwrap();
        assert_eq!(sum, moment("2025-12-27 08:00"));
        assert!(moved("year", i64::MAX, moment("2026-01-01 00:00")).unwrap().is_none());
    }

    #[test]
    fn period_start_is_the_same_for_many_rows_and_for_few() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap().num_days_from_ce() - EPOCH;
        let cases = [
            ("day", "2026-05-31", "2026-05-31"),
            ("week", "2026-05-31", "2026-05-25"),
            ("week", "2026-06-01", "2026-06-01"),
            ("week", "1969-12-28", "1969-12-22"),
            ("month", "2024-02-29", "2024-02-01"),
            ("quarter", "2026-12-31", "2026-10-01"),
            ("year", "1969-07-20", "1969-01-01"),
        ];
        for (grain, given, expected) in cases {
            let many =
                Date32Array::from(vec![Some(day(given)), None, Some(day(given)), Some(day(given) + 1)]);
            let few = Date32Array::from(vec![Some(day(given)), Some(day("1582-10-15"))]);
            assert_eq!(period_start(grain, &many).unwrap().value(2), day(expected), "{grain} {given}");
            assert!(period_start(grain, &many).unwrap().is_null(1));
            assert_eq!(period_start(grain, &few).unwrap().value(0), day(expected), "{grain} {given}");
        }
        assert!(period_start("month", &Date32Array::from(vec![i32::MAX])).is_err());
        assert!(period_start("fortnight", &Date32Array::from(vec![1])).is_err());
        assert!(period_start("month", &Date32Array::from(vec![None])).unwrap().is_null(0));
    }

    #[test]
    fn strip_accents_keeps_the_letters() {
        assert_eq!(strip_accents("São João, Ação nº 1"), "Sao Joao, Acao nº 1");
    }
}
