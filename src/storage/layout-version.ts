/**
 * Which files a data folder has and what is in them. It grows with every change that an earlier version would not
 * understand; a version that knows an earlier layout brings it to this one.
 *
 * 1: no file says so. 2: what is no Parquet has names with `_` in the folder of the index, and a manifest lists the rest.
 * 3: files have columns of declared fields in the type that is declared, and `_text.` columns beside them.
 */
export const LAYOUT = 3;
