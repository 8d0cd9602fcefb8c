import type { Slide, SlideImage } from "../../store/generated/client.ts";
import type { Connection } from "../base/connections.ts";

export type SlideMapper = Slide;
export type SlideImageMapper = SlideImage;
export type SlideConnectionMapper = Connection<Slide>;
