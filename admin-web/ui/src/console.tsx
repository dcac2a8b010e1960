import { start } from "./parts/app";

void start(() => import("./console/pages"));
