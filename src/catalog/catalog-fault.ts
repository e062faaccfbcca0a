/** Why a text is no catalog, in words for the operator. Callers never meet it: they are served from another catalog. */
export class CatalogFault extends Error {
  override readonly name = "CatalogFault";
}
