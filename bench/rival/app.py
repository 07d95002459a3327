# Its libraries are installed for the benchmark alone.
# mypy: ignore-errors
"""The API as people would write it: FastAPI, pydantic and SQLAlchemy on psycopg, over the engine's own tables."""

import os
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException, Query, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import DateTime, create_engine, select, text, update
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

engine = create_engine(os.environ["RIVAL_DATABASE_URL"], pool_size=16)
session_of = sessionmaker(engine, expire_on_commit=False)
app = FastAPI()
LIVE = ("ACTIVE", "PAUSED")


class Base(DeclarativeBase):
    type_annotation_map = {dict[str, Any]: JSONB, datetime: DateTime(timezone=True)}  # noqa: RUF012  # SQLAlchemy's way


class ReminderRow(Base):
    __tablename__ = "reminder_jobs"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    entity_type: Mapped[str]
    entity_id: Mapped[str]
    event_type: Mapped[str]
    channel: Mapped[str]
    recipient: Mapped[str | None]
    message: Mapped[dict[str, Any] | None]
    schedule_type: Mapped[str]
    interval_minutes: Mapped[int | None]
    start_at: Mapped[datetime]
    next_run_at: Mapped[datetime | None]
    planned_through: Mapped[datetime | None]
    occurrence_no: Mapped[int] = mapped_column(default=0)
    stop_condition_type: Mapped[str | None]
    stop_condition_value: Mapped[str | None]
    status: Mapped[str] = mapped_column(default="ACTIVE")
    completed_at: Mapped[datetime | None]
    completion_reason: Mapped[str | None]
    last_error: Mapped[str | None]
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class FlagRow(Base):
    __tablename__ = "status_flags"

    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[bool]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class NewReminder(BaseModel):
    model_config = ConfigDict(extra="forbid")

    entity_type: str = Field(min_length=1, max_length=100)
    entity_id: str = Field(min_length=1, max_length=200)
    event_type: str = Field(min_length=1, max_length=100)
    channel: str = Field(min_length=1, max_length=50)
    recipient: str | None = Field(default=None, max_length=500)
    schedule_type: str = "recurring"
    interval_minutes: int | None = Field(default=None, ge=1, le=5_256_000)
    stop_condition_type: str | None = None
    stop_condition_value: str | None = Field(default=None, max_length=300)


class Reminder(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: uuid.UUID
    entity_type: str
    entity_id: str
    event_type: str
    channel: str
    recipient: str | None
    message: dict[str, Any] | None
    schedule_type: str
    interval_minutes: int | None
    start_at: datetime
    next_run_at: datetime | None
    planned_through: datetime | None
    occurrence_no: int
    stop_condition_type: str | None
    stop_condition_value: str | None
    status: str
    completed_at: datetime | None
    completion_reason: str | None
    last_error: str | None
    version: int
    created_at: datetime
    updated_at: datetime


class Page(BaseModel):
    items: list[Reminder]
    next_cursor: uuid.UUID | None


class FlagValue(BaseModel):
    value: bool


class Flag(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    key: str
    value: bool
    created_at: datetime
    updated_at: datetime


def session() -> Iterator[Session]:
    with session_of() as opened:
        yield opened


Opened = Annotated[Session, Depends(session)]


@app.post("/reminders", status_code=201)
def create(new: NewReminder, response: Response, db: Opened) -> Reminder:
    now = datetime.now(UTC)
    values = new.model_dump() | {"id": uuid.uuid4(), "start_at": now, "created_at": now, "updated_at": now}
    values |= {"next_run_at": now + timedelta(minutes=new.interval_minutes or 1), "planned_through": now}
    # Ids in the order of creation, as Python 3.14's uuid7 makes them: 48 bits of milliseconds, then chance.
    values["id"] = uuid.UUID(int=(int(now.timestamp() * 1000) << 80) | (values["id"].int & ((1 << 80) - 1)))
    statement = insert(ReminderRow).values(values).returning(ReminderRow)
    key = ["entity_type", "entity_id", "event_type"]
    found = db.scalar(
        statement.on_conflict_do_nothing(index_elements=key, index_where=text("status IN ('ACTIVE', 'PAUSED')"))
    )
    if found is None:
        response.status_code = 200
        found = db.scalars(
            select(ReminderRow).where(
                *(getattr(ReminderRow, name) == values[name] for name in key), ReminderRow.status.in_(LIVE)
            )
        ).one()
    db.commit()
    return Reminder.model_validate(found)


@app.get("/reminders/{reminder_id}")
def get(reminder_id: uuid.UUID, db: Opened) -> Reminder:
    found = db.get(ReminderRow, reminder_id)
    if found is None:
        raise HTTPException(404)
    return Reminder.model_validate(found)


@app.get("/reminders")
def list_reminders(
    db: Opened, limit: Annotated[int, Query(ge=1, le=200)] = 50, cursor: uuid.UUID | None = None
) -> Page:
    query = select(ReminderRow).order_by(ReminderRow.id.desc()).limit(limit + 1)
    if cursor is not None:
        query = query.where(ReminderRow.id < cursor)
    found = db.scalars(query).all()
    return Page(
        items=[Reminder.model_validate(row) for row in found[:limit]],
        next_cursor=found[limit - 1].id if len(found) > limit else None,
    )


@app.put("/flags/{key}")
def set_flag(key: str, given: FlagValue, db: Opened) -> Flag:
    now = datetime.now(UTC)
    statement = insert(FlagRow).values(key=key, value=given.value, created_at=now, updated_at=now)
    changed = {"value": given.value, "updated_at": now}
    flag = db.scalars(statement.on_conflict_do_update(index_elements=["key"], set_=changed).returning(FlagRow)).one()
    if given.value:
        stopped = (
            ReminderRow.stop_condition_type == "db_check",
            ReminderRow.stop_condition_value == key,
            ReminderRow.status.in_(LIVE),
        )
        ended = {"status": "COMPLETED", "completed_at": now, "completion_reason": "stop_condition", "updated_at": now}
        db.execute(update(ReminderRow).where(*stopped).values(ended), execution_options={"synchronize_session": False})
    db.commit()
    return Flag.model_validate(flag)
