export * as MysqlStore from "./MysqlStore.js"
