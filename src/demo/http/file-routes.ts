import { uploadImage, uploadMask } from "./upload.ts";
import type { Route } from "./router.ts";
import { viewFile } from "./view.ts";

export const fileRoutes: readonly Route[] = [
  { method: "GET", path: "/view", handle: viewFile },
  { method: "POST", path: "/upload/image", handle: uploadImage },
  { method: "POST", path: "/upload/mask", handle: uploadMask },
];
