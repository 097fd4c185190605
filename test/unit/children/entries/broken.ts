// A child that asks for a package that is not there.
const name = 'parquet-of-nobody';
await import(name);
