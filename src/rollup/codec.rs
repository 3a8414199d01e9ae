//! Columns and tables as bytes, compressed with zstd.

use super::{Axis, Column, Table};

/// Fast enough to be no cost beside computing the sums; columns shrink to about a third.
const LEVEL: i32 = 1;

/// What the bytes say cannot be: they were written by something else, or are damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a stored rollup cannot be read; `calibrant rebuild` computes it anew")]
pub struct Damaged;

/// Compresses a column.
pub fn pack_column(column: &Column) -> Vec<u8> {
    let mut plain = Vec::with_capacity(column.len() * column.width() + 8);
    write_column(column, &mut plain);
    pack(&plain)
}

/// Reads what [`pack_column`] wrote.
pub fn unpack_column(packed: &[u8]) -> Result<Column, Damaged> {
    let plain = unpack(packed)?;
    let mut rest = plain.as_slice();
    read_column(&mut rest)
}

/// Compresses some tables together.
pub fn pack_tables(tables: &[(Axis, Table)]) -> Vec<u8> {
    let mut plain = Vec::new();
    for (axis, table) in tables {
        plain.extend_from_slice(&axis.code().to_le_bytes());
        plain.extend_from_slice(&(table.columns.len() as u32).to_le_bytes());
        write_column(&table.cells, &mut plain);
        write_column(&table.buckets, &mut plain);
        table.columns.iter().for_each(|column| write_column(column, &mut plain));
    }
    pack(&plain)
}

/// Reads what [`pack_tables`] wrote.
pub fn unpack_tables(packed: &[u8]) -> Result<Vec<(Axis, Table)>, Damaged> {
    let plain = unpack(packed)?;
    let mut rest = plain.as_slice();
    let mut tables = Vec::new();
    while !rest.is_empty() {
        let axis = Axis::from_code(i16::from_le_bytes(take(&mut rest)?));
        let columns = u32::from_le_bytes(take(&mut rest)?);
        let table = Table {
            cells: read_column(&mut rest)?,
            buckets: read_column(&mut rest)?,
            columns: (0..columns).map(|_| read_column(&mut rest)).collect::<Result<_, _>>()?,
        };
        tables.push((axis, table));
    }
    Ok(tables)
}

/// The length of the plain bytes, then the compressed ones.
fn pack(plain: &[u8]) -> Vec<u8> {
    let mut packed = (plain.len() as u32).to_le_bytes().to_vec();
    // Compressing memory to memory has no cause to fail; what cannot be read is found when it is read.
    packed.extend(zstd::bulk::compress(plain, LEVEL).unwrap_or_default());
    packed
}

fn unpack(mut packed: &[u8]) -> Result<Vec<u8>, Damaged> {
    let length = u32::from_le_bytes(take(&mut packed)?) as usize;
    let plain = zstd::bulk::decompress(packed, length).map_err(|_| Damaged)?;
    if plain.len() == length { Ok(plain) } else { Err(Damaged) }
}

/// Width of a value, number of values, values.
fn write_column(column: &Column, to: &mut Vec<u8>) {
    to.push(column.width() as u8);
    to.extend_from_slice(&(column.len() as u32).to_le_bytes());
    match column {
        Column::Zeros(_) => {}
        Column::Bytes(values) => values
            .iter()
            .for_each(|value| to.extend_from_slice(&value.to_le_bytes())),
        Column::Shorts(values) => values
            .iter()
            .for_each(|value| to.extend_from_slice(&value.to_le_bytes())),
        Column::Ints(values) => values
            .iter()
            .for_each(|value| to.extend_from_slice(&value.to_le_bytes())),
        Column::Longs(values) => values
            .iter()
            .for_each(|value| to.extend_from_slice(&value.to_le_bytes())),
    }
}

fn read_column(rest: &mut &[u8]) -> Result<Column, Damaged> {
    let [width] = take(rest)?;
    let rows = u32::from_le_bytes(take(rest)?) as usize;
    let (values, after) = rest.split_at_checked(rows * usize::from(width)).ok_or(Damaged)?;
    *rest = after;
    Ok(match width {
        0 => Column::Zeros(rows),
        1 => Column::Bytes(values.iter().map(|byte| byte.cast_signed()).collect()),
        2 => Column::Shorts(whole(values, i16::from_le_bytes)),
        4 => Column::Ints(whole(values, i32::from_le_bytes)),
        8 => Column::Longs(whole(values, i64::from_le_bytes)),
        _ => return Err(Damaged),
    })
}

fn whole<const N: usize, T>(bytes: &[u8], read: fn([u8; N]) -> T) -> Box<[T]> {
    let (values, _) = bytes.as_chunks::<N>();
    values.iter().map(|value| read(*value)).collect()
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], Damaged> {
    let (taken, after) = rest.split_first_chunk().ok_or(Damaged)?;
    *rest = after;
    Ok(*taken)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_packed_comes_back(values in prop_oneof![
            proptest::collection::vec(any::<i64>(), 0..50),
            proptest::collection::vec(-3..3_i64, 0..50),
            proptest::collection::vec(-40_000..40_000_i64, 0..50),
        ]) {
            let column = Column::narrow(&values);
            prop_assert_eq!(unpack_column(&pack_column(&column)), Ok(column.clone()));
            let keys: Vec<(i32, i64)> = (0..).zip(values.iter().copied()).collect();
            let tables = vec![(Axis::Hours, Table::from_sorted(&keys, &[values.clone(), values])), (Axis::Histogram(3), Table::from_sorted(&[], &[]))];
            prop_assert_eq!(unpack_tables(&pack_tables(&tables)), Ok(tables));
        }

        #[test]
        fn damaged_bytes_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = unpack_tables(&bytes);
            prop_assert!(unpack_column(bytes.get(..3).unwrap_or(&bytes)).is_err());
        }
    }
}
