import { start } from "./parts/app";

void start(() => import("./portal/pages"));
