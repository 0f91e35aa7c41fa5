/** Sensor documents: read, change, publish, compare, return. */
export function ConfigPage() {
  return <div className="page">…</div>;
}
