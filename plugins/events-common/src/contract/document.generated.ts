// Made from asyncapi.yaml by `npm run generate`. Change that file, not this one.

import type { AsyncApiDocument } from './AsyncApiDocument';

/**
 * The contract as it is without what plugins of an instance add to it; what an instance serves has that too.
 *
 * @public
 */
export const eventsContract: AsyncApiDocument = {
  asyncapi: '3.0.0',
  info: {
    title: 'Backstage Events System',
    version: '1.0.0',
    description:
      'What happens inside a Backstage instance, told to whoever wants to know.\n\nPublishers append events to one log. Plugins are given them by the events service, systems outside by webhooks and\nstreams. Every message has the same three parts: the topic it was published under, what happened, and metadata that\ntell which event this is, where it came from and when.\n\nEvents of one topic and one subject (an entity, a location, a task) arrive in the order in which they happened.\nAfter a crash an event may arrive again; `metadata.eventId` is the same then.\n',
    license: {
      name: 'Apache-2.0',
      url: 'https://www.apache.org/licenses/LICENSE-2.0',
    },
  },
  defaultContentType: 'application/json',
  channels: {
    catalogEntityChange: {
      address: 'backstage/catalog/entity',
      title: 'Changes of entities',
      description:
        'An entity came into the catalog, changed, or left it, whatever the cause: a processor, an entity provider, a\nrequest to the API, or the removal of the location that it came from. An entity that is registered again is a new\none: the old is deleted, and one with another uid is created.\n',
      messages: {
        catalogEntityChangeMessage: {
          $ref: '#/components/messages/CatalogEntityChangeEvent',
        },
      },
    },
    catalogLocationChange: {
      address: 'backstage/catalog/location',
      title: 'Changes of locations',
      description:
        'A location was registered in the catalog, points elsewhere now, or was removed.',
      messages: {
        catalogLocationChangeMessage: {
          $ref: '#/components/messages/CatalogLocationChangeEvent',
        },
      },
    },
    scaffolderTaskComplete: {
      address: 'backstage/scaffolder/task',
      title: 'Changes of scaffolder tasks',
      description:
        'The status of a task of the scaffolder changed. A task that is retried, or taken up again after its worker died,\ngoes through its statuses once more.\n',
      messages: {
        scaffolderTaskCompleteMessage: {
          $ref: '#/components/messages/ScaffolderTaskEvent',
        },
      },
    },
    techdocsBuild: {
      address: 'backstage/techdocs/build',
      title: 'Builds of documentation',
      description:
        'The documentation of an entity is being built, was built, or could not be built.',
      messages: {
        techdocsBuildMessage: {
          $ref: '#/components/messages/TechDocsBuildEvent',
        },
      },
    },
  },
  operations: {
    onCatalogEntityChange: {
      action: 'receive',
      summary: 'Learn of every change of an entity in the catalog.',
      channel: { $ref: '#/channels/catalogEntityChange' },
      messages: [
        {
          $ref: '#/channels/catalogEntityChange/messages/catalogEntityChangeMessage',
        },
      ],
    },
    onCatalogLocationChange: {
      action: 'receive',
      summary: 'Learn of every change of a registered location.',
      channel: { $ref: '#/channels/catalogLocationChange' },
      messages: [
        {
          $ref: '#/channels/catalogLocationChange/messages/catalogLocationChangeMessage',
        },
      ],
    },
    onScaffolderTaskComplete: {
      action: 'receive',
      summary:
        'Follow the tasks of the scaffolder, from their creation to their end.',
      channel: { $ref: '#/channels/scaffolderTaskComplete' },
      messages: [
        {
          $ref: '#/channels/scaffolderTaskComplete/messages/scaffolderTaskCompleteMessage',
        },
      ],
    },
    onTechDocsBuild: {
      action: 'receive',
      summary: 'Learn when documentation is built or updated.',
      channel: { $ref: '#/channels/techdocsBuild' },
      messages: [
        { $ref: '#/channels/techdocsBuild/messages/techdocsBuildMessage' },
      ],
    },
  },
  components: {
    messages: {
      CatalogEntityChangeEvent: {
        name: 'CatalogEntityChangeEvent',
        title: 'An entity changed',
        summary: 'The entity as it is now, or as it was before it was deleted.',
        contentType: 'application/json',
        payload: { $ref: '#/components/schemas/CatalogEntityChangeEvent' },
      },
      CatalogLocationChangeEvent: {
        name: 'CatalogLocationChangeEvent',
        title: 'A location changed',
        summary: 'Where entities are read from, or no longer.',
        contentType: 'application/json',
        payload: { $ref: '#/components/schemas/CatalogLocationChangeEvent' },
      },
      ScaffolderTaskEvent: {
        name: 'ScaffolderTaskEvent',
        title: 'A task changed its status',
        summary:
          'Which task, from which template, by whom, and where it stands.',
        contentType: 'application/json',
        payload: { $ref: '#/components/schemas/ScaffolderTaskEvent' },
      },
      TechDocsBuildEvent: {
        name: 'TechDocsBuildEvent',
        title: 'Documentation was built',
        summary: 'Which documentation, and how its build stands.',
        contentType: 'application/json',
        payload: { $ref: '#/components/schemas/TechDocsBuildEvent' },
      },
    },
    schemas: {
      CatalogEntityChangeEvent: {
        type: 'object',
        description: 'An entity came into the catalog, changed, or left it.',
        required: ['topic', 'eventPayload', 'metadata'],
        properties: {
          topic: { type: 'string', const: 'catalog' },
          eventPayload: { $ref: '#/components/schemas/CatalogEntityChange' },
          metadata: { $ref: '#/components/schemas/EventMetadata' },
        },
      },
      CatalogEntityChange: {
        type: 'object',
        description: 'What happened to which entity.',
        required: ['action', 'entity'],
        properties: {
          action: {
            type: 'string',
            description: 'What happened to the entity.',
            enum: ['created', 'updated', 'deleted'],
          },
          entity: { $ref: '#/components/schemas/ChangedEntity' },
          changedPaths: {
            type: 'array',
            description:
              'For an update: what differs from before, as JSON Pointers into the entity (RFC 6901). Objects are compared field by field, lists as a whole.',
            items: { type: 'string', examples: ['/metadata/description'] },
          },
        },
      },
      ChangedEntity: {
        type: 'object',
        description:
          'The whole entity as the catalog serves it, with its relations and its status; for a deletion, as it was last.',
        required: ['apiVersion', 'kind', 'metadata'],
        properties: {
          apiVersion: { type: 'string', examples: ['backstage.io/v1alpha1'] },
          kind: { type: 'string', examples: ['Component'] },
          metadata: {
            type: 'object',
            required: ['name', 'namespace', 'uid'],
            properties: {
              name: { type: 'string', examples: ['my-service'] },
              namespace: { type: 'string', examples: ['default'] },
              uid: {
                type: 'string',
                description:
                  'Identifies the entity until it is deleted; registered again it has another.',
              },
            },
          },
        },
      },
      CatalogLocationChangeEvent: {
        type: 'object',
        description:
          'A location was registered, points elsewhere now, or was removed.',
        required: ['topic', 'eventPayload', 'metadata'],
        properties: {
          topic: { type: 'string', const: 'catalog' },
          eventPayload: { $ref: '#/components/schemas/CatalogLocationChange' },
          metadata: { $ref: '#/components/schemas/EventMetadata' },
        },
      },
      CatalogLocationChange: {
        type: 'object',
        description: 'What happened to which location.',
        required: ['action', 'location'],
        properties: {
          action: {
            type: 'string',
            description: 'What happened to the location.',
            enum: ['added', 'updated', 'removed'],
          },
          location: {
            type: 'object',
            required: ['type', 'target'],
            properties: {
              id: {
                type: 'string',
                description: 'Identifies the location in the catalog.',
              },
              type: { type: 'string', examples: ['url'] },
              target: {
                type: 'string',
                examples: [
                  'https://git.example.com/org/repo/blob/main/catalog-info.yaml',
                ],
              },
            },
          },
        },
      },
      ScaffolderTaskEvent: {
        type: 'object',
        description: 'The status of a task of the scaffolder changed.',
        required: ['topic', 'eventPayload', 'metadata'],
        properties: {
          topic: { type: 'string', const: 'scaffolder' },
          eventPayload: { $ref: '#/components/schemas/ScaffolderTaskChange' },
          metadata: { $ref: '#/components/schemas/EventMetadata' },
        },
      },
      ScaffolderTaskChange: {
        type: 'object',
        description:
          'Where which task stands. What its user entered is never part of it.',
        required: ['action', 'taskId'],
        properties: {
          action: {
            type: 'string',
            description:
              'The status that the task has now. `created` is one that waits for a worker: it is new, is retried, or lost its worker.',
            enum: ['created', 'processing', 'completed', 'failed', 'cancelled'],
          },
          taskId: { type: 'string' },
          templateRef: {
            type: 'string',
            description:
              'Reference of the template, if the task was made from one.',
            examples: ['template:default/create-react-app'],
          },
          createdBy: {
            type: 'string',
            description:
              'Reference of the user who created the task, if it was a user.',
            examples: ['user:default/guest'],
          },
        },
      },
      TechDocsBuildEvent: {
        type: 'object',
        description:
          'The documentation of an entity is being built, was built, or could not be built.',
        required: ['topic', 'eventPayload', 'metadata'],
        properties: {
          topic: { type: 'string', const: 'techdocs' },
          eventPayload: { $ref: '#/components/schemas/TechDocsBuild' },
          metadata: { $ref: '#/components/schemas/EventMetadata' },
        },
      },
      TechDocsBuild: {
        type: 'object',
        description: 'How the build of which documentation stands.',
        required: ['action', 'entityRef', 'buildTimestamp'],
        properties: {
          action: {
            type: 'string',
            description: 'How the build stands.',
            enum: ['build_started', 'build_completed', 'build_failed'],
          },
          entityRef: {
            type: 'string',
            description:
              'Reference of the entity that the documentation belongs to.',
            examples: ['component:default/my-service'],
          },
          buildTimestamp: {
            type: 'string',
            format: 'date-time',
            description:
              'When the build started; the same in all messages of one build.',
          },
        },
      },
      EventMetadata: {
        type: 'object',
        description:
          "Which event this is, and where it comes from. Publishers may add more; names that start with `callboard-` are the system's own.",
        required: ['source', 'eventId', 'timestamp'],
        properties: {
          source: {
            type: 'string',
            description: 'The plugin or system that the event comes from.',
            examples: ['catalog'],
          },
          eventId: {
            type: 'string',
            format: 'uuid',
            description:
              'Identifies the event; the same when it is delivered again.',
          },
          timestamp: {
            type: 'string',
            format: 'date-time',
            description: 'When it happened.',
          },
          correlationId: {
            type: 'string',
            description: 'The same for events that come from one cause.',
          },
        },
        additionalProperties: {
          oneOf: [
            { type: 'string' },
            { type: 'array', items: { type: 'string' } },
          ],
        },
      },
    },
  },
};
