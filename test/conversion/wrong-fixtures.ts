const dummySlots =
  "The class has a socket-only input (forceInput). Front end 1.4.13 gives it an entry of its own in widgets_values, newer ones since 1.16 do not. The file is from a newer one, so 1.4.13 read every value behind it one place too early.";

/** Conversions in `ref/` that are wrong themselves, by name, with the reason. */
export const wrongReferences: ReadonlyMap<string, string> = new Map([
  ["ew__api_nodes__stability_ai__i2i__stable_image_ultra_i2i", dummySlots],
  ["ew__api_nodes__stability_ai__sd3-5-i2i__stable_diffusion_3_5-i2i", dummySlots],
  ["ew__api_nodes__stability_ai__stable_diffusion_3-5-t2i", dummySlots],
  ["ew__api_nodes__stability_ai__stable_image_ultra_t2i", dummySlots],
]);
