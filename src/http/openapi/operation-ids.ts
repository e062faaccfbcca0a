/**
 * A name for each workflow that fits an operationId, the same as long as the workflow's id stays: `qwen_qwen_img_edit`.
 * Ids that would get the same name are told apart by a number, in the order they come.
 */
export function operationNames(ids: readonly string[]): ReadonlyMap<string, string> {
  const taken = new Set<string>();
  return new Map(
    ids.map((id) => {
      const plain = id.replace(/[^A-Za-z0-9]+/g, "_");
      let name = plain;
      for (let n = 2; taken.has(name); n += 1) name = `${plain}_${n}`;
      taken.add(name);
      return [id, name];
    }),
  );
}
