import { Schema } from "effect"
import { OrganizationId, ProjectId } from "./Ids.js"
import { Instant } from "./Instant.js"
import { ShortText } from "./Rule.js"

/** 1 to 255 code points, trimmed; unique within its organization and compared exactly. */
export const ProjectName = ShortText.pipe(Schema.brand("ProjectName"))
export type ProjectName = typeof ProjectName.Type

/**
 * Groups keys inside an organization.
 *
 * @since 0.1.0
 */
export class Project extends Schema.Class<Project>("@apikeys/core/Project")({
  id: ProjectId,
  organizationId: OrganizationId,
  name: Schema.typeSchema(ProjectName),
  createdAt: Instant
}) {}
