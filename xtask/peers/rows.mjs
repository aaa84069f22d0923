// A line for the table: `row`, who, how, and how it went, with tabs between.

// Does `act`, which gives its result and a remark; tells how it went, and gives the result.
export async function row(peer, way, act) {
  const tell = (verdict, remark) => console.log(["row", peer, way, verdict, String(remark).replaceAll(/\s+/g, " ").slice(0, 600)].join("\t"));
  try {
    const [result, remark] = await act();
    tell("ok", remark);
    return result;
  } catch (error) {
    tell("FAILED", error.message ?? error);
    return undefined;
  }
}
