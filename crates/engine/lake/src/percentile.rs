//! `exact_percentile_cont(value, p)` and `exact_percentile_disc(value, p)`: SQL's percentiles, from the values themselves.
//!
//! DataFusion's own interpolate in six digits. What is no finite number is no value. Invariant: the answer does not depend on the order of
//! the rows, nor on how they were spread over threads.

use std::mem::size_of;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Float64Array, ListArray};
use arrow::buffer::{OffsetBuffer, ScalarBuffer};
use arrow::datatypes::{DataType, Field, FieldRef, Float64Type};
use deltalake::datafusion::common::ScalarValue;
use deltalake::datafusion::error::{DataFusionError, Result};
use deltalake::datafusion::execution::FunctionRegistry;
use deltalake::datafusion::execution::session_state::SessionState;
use deltalake::datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use deltalake::datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, EmitTo, GroupsAccumulator, Signature, Volatility,
};
use deltalake::datafusion::physical_expr::expressions::Literal;

/// Adds both functions.
pub(crate) fn register(state: &mut SessionState) -> Result<()> {
    for discrete in [false, true] {
        let signature = Signature::exact(vec![DataType::Float64, DataType::Float64], Volatility::Immutable);
        state.register_udaf(Arc::new(AggregateUDF::from(Percentile { discrete, signature })))?;
    }
    Ok(())
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Percentile {
    /// Whether the answer is always one of the values.
    discrete: bool,
    signature: Signature,
}

impl Percentile {
    fn values(&self, args: &AccumulatorArgs<'_>) -> Result<Values> {
        let share = args.exprs.get(1).and_then(|expression| expression.downcast_ref::<Literal>());
        match share.map(Literal::value) {
            Some(ScalarValue::Float64(Some(share))) if (0.0..=1.0).contains(share) => Ok(Values {
                share: *share,
                discrete: self.discrete,
                groups: Vec::new(),
                values: Vec::new(),
                known: 0,
            }),
            _ => {
                Err(DataFusionError::Plan(format!("{} takes a share from 0 to 1, as a number", self.name())))
            }
        }
    }
}

impl AggregateUDFImpl for Percentile {
    fn name(&self) -> &str {
        if self.discrete { "exact_percentile_disc" } else { "exact_percentile_cont" }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        Ok(vec![Arc::new(Field::new(format!("{}[values]", args.name), DataType::List(element()), true))])
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(OneGroup(self.values(&args)?)))
    }

    fn groups_accumulator_supported(&self, _: AccumulatorArgs) -> bool {
        true
    }

    fn create_groups_accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(self.values(&args)?))
    }
}

fn element() -> FieldRef {
    Arc::new(Field::new_list_field(DataType::Float64, true))
}

/// The values so far, in the order in which they came, each with its group: appending is all that happens per row.
#[derive(Debug)]
struct Values {
    share: f64,
    discrete: bool,
    groups: Vec<u32>,
    values: Vec<f64>,
    /// How many groups there are.
    known: usize,
}

impl Values {
    /// The values of the first `count` groups, group after group, and where each begins; the other groups stay and move to the front.
    fn take(&mut self, count: usize) -> (Vec<f64>, Vec<usize>) {
        let mut ends = vec![0_usize; count + 1];
        for group in &self.groups {
            if let Some(size) = ends.get_mut(*group as usize + 1) {
                *size += 1;
            }
        }
        for index in 1..ends.len() {
            ends[index] += ends[index - 1];
        }
        let mut sorted = vec![0.0; ends[count]];
        let mut next = ends.clone();
        let (mut later_groups, mut later_values) = (Vec::new(), Vec::new());
        for (group, value) in
            std::mem::take(&mut self.groups).into_iter().zip(std::mem::take(&mut self.values))
        {
            let at = group as usize;
            if at < count {
                sorted[next[at]] = value;
                next[at] += 1;
            } else {
                later_groups.push(group - count as u32);
                later_values.push(value);
            }
        }
        (self.groups, self.values) = (later_groups, later_values);
        self.known -= count;
        (sorted, ends)
    }

    fn count(&self, emit: EmitTo) -> usize {
        match emit {
            EmitTo::All => self.known,
            EmitTo::First(count) => count.min(self.known),
        }
    }

    fn push(&mut self, group: usize, value: f64) {
        if value.is_finite() {
            // The engine itself counts groups of one batch in 32 bits.
            self.groups.push(group as u32);
            self.values.push(value);
        }
    }
}

impl GroupsAccumulator for Values {
    fn update_batch(
        &mut self,
        columns: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        known: usize,
    ) -> Result<()> {
        self.known = known;
        let column = columns[0].as_primitive::<Float64Type>();
        if filter.is_none() && column.null_count() == 0 {
            self.groups.reserve(groups.len());
            self.values.reserve(groups.len());
            for (group, value) in groups.iter().zip(column.values()) {
                self.push(*group, *value);
            }
            return Ok(());
        }
        for (row, (group, value)) in groups.iter().zip(column.iter()).enumerate() {
            let passes = filter.is_none_or(|filter| filter.is_valid(row) && filter.value(row));
            if let Some(value) = value.filter(|_| passes) {
                self.push(*group, value);
            }
        }
        Ok(())
    }

    fn merge_batch(&mut self, columns: &[ArrayRef], groups: &[usize], known: usize) -> Result<()> {
        self.known = known;
        for (group, list) in groups.iter().zip(columns[0].as_list::<i32>().iter()) {
            let Some(list) = list else { continue };
            let list = list.as_primitive::<Float64Type>();
            self.groups.extend(std::iter::repeat_n(*group as u32, list.len()));
            self.values.extend_from_slice(list.values());
        }
        Ok(())
    }

    fn state(&mut self, emit: EmitTo) -> Result<Vec<ArrayRef>> {
        let (values, ends) = self.take(self.count(emit));
        let ends = ends.into_iter().map(i32::try_from).collect::<Result<Vec<i32>, _>>().map_err(|_| {
            DataFusionError::ResourcesExhausted("a percentile takes at most 2,147,483,647 values".to_owned())
        })?;
        let offsets = OffsetBuffer::new(ScalarBuffer::from(ends));
        Ok(vec![Arc::new(ListArray::try_new(
            element(),
            offsets,
            Arc::new(Float64Array::from(values)),
            None,
        )?)])
    }

    fn evaluate(&mut self, emit: EmitTo) -> Result<ArrayRef> {
        let (share, discrete) = (self.share, self.discrete);
        let (mut values, ends) = self.take(self.count(emit));
        let mut rest: &mut [f64] = &mut values;
        let mut answers = Vec::with_capacity(ends.len());
        for pair in ends.windows(2) {
            let (group, later) = rest.split_at_mut(pair[1] - pair[0]);
            answers.push(percentile(group, share, discrete));
            rest = later;
        }
        Ok(Arc::new(Float64Array::from(answers)))
    }

    fn convert_to_state(&self, _: &[ArrayRef], _: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        Err(DataFusionError::NotImplemented("a percentile of single rows".to_owned()))
    }

    fn size(&self) -> usize {
        self.groups.capacity() * size_of::<u32>() + self.values.capacity() * size_of::<f64>()
    }
}

/// The same without groups.
#[derive(Debug)]
struct OneGroup(Values);

impl Accumulator for OneGroup {
    fn update_batch(&mut self, columns: &[ArrayRef]) -> Result<()> {
        self.0.update_batch(columns, &vec![0; columns[0].len()], None, 1)
    }

    fn merge_batch(&mut self, columns: &[ArrayRef]) -> Result<()> {
        GroupsAccumulator::merge_batch(&mut self.0, columns, &vec![0; columns[0].len()], 1)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        self.0.known = 1;
        let lists = GroupsAccumulator::state(&mut self.0, EmitTo::All)?;
        Ok(vec![ScalarValue::try_from_array(&lists[0], 0)?])
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        self.0.known = 1;
        ScalarValue::try_from_array(&GroupsAccumulator::evaluate(&mut self.0, EmitTo::All)?, 0)
    }

    fn size(&self) -> usize {
        GroupsAccumulator::size(&self.0)
    }
}

/// SQL's `percentile_cont`, or `percentile_disc` when `discrete`; the values change places.
fn percentile(values: &mut [f64], share: f64, discrete: bool) -> Option<f64> {
    let last = values.len().checked_sub(1)?;
    if discrete {
        let index = (share * values.len() as f64).ceil() as usize;
        return Some(*values.select_nth_unstable_by(index.clamp(1, values.len()) - 1, f64::total_cmp).1);
    }
    let at = share * last as f64;
    let (_, below, above) = values.select_nth_unstable_by(at.floor() as usize, f64::total_cmp);
    let next = above.iter().copied().min_by(f64::total_cmp).filter(|_| at.fract() > 0.0).unwrap_or(*below);
    Some(*below + (next - *below) * at.fract())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentile_interpolates_or_picks() {
        let mut values = vec![40.0, 10.0, 30.0, 20.0];
        assert_eq!(percentile(&mut values, 0.5, false), Some(25.0));
        assert_eq!(percentile(&mut values, 0.9, false), Some(30.0 + 10.0 * (0.9_f64 * 3.0).fract()));
        assert_eq!(percentile(&mut values, 0.5, true), Some(20.0));
        assert_eq!(percentile(&mut values, 0.0, true), Some(10.0));
        assert_eq!(percentile(&mut values, 1.0, true), Some(40.0));
        assert_eq!(percentile(&mut values, 1.0, false), Some(40.0));
        assert_eq!(percentile(&mut [], 0.5, false), None);
    }

    #[test]
    fn groups_that_are_taken_early_leave_the_others_as_they_are() {
        let mut values =
            Values { share: 0.5, discrete: true, groups: Vec::new(), values: Vec::new(), known: 0 };
        let column: ArrayRef =
            Arc::new(Float64Array::from(vec![Some(3.0), Some(f64::NAN), None, Some(7.0), Some(1.0)]));
        values.update_batch(&[column], &[0, 0, 1, 2, 0], None, 3).unwrap();
        let first = values.evaluate(EmitTo::First(2)).unwrap();
        let rest = values.evaluate(EmitTo::All).unwrap();
        assert_eq!(first.as_primitive::<Float64Type>().iter().collect::<Vec<_>>(), [Some(1.0), None]);
        assert_eq!(rest.as_primitive::<Float64Type>().iter().collect::<Vec<_>>(), [Some(7.0)]);
    }
}
