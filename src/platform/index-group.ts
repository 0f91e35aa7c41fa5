/** The consumer group under which the index reads; nothing it has not sealed is thrown away. */
export const INDEX_GROUP = "index";
